"""Refuse numbers that mean nothing where they are written."""

from __future__ import annotations

import math
import sys


def check_range(settings: object, where: str, names: tuple[str, ...], least: float, most: float = math.inf) -> None:
    """Make sure that some settings are finite numbers in a range, both ends included.

    Args:
        settings: Has them as attributes.
        where: What it is, as the first words of an error.
        names: Of the settings.
        least: Least number that is accepted.
        most: Greatest one; infinite: any that is finite.

    Raises:
        ValueError: One of them is none.
    """
    for name in names:
        value = getattr(settings, name)
        # Not math.isfinite, which fails on whole numbers of hundreds of digits.
        if not least <= value <= min(most, sys.float_info.max):
            accepted = f'from {least} on' if math.isinf(most) else f'from {least} to {most}'
            raise ValueError(f'{where}: {name} is {value}; accepted are numbers {accepted}')
