"""Keep what is written apart from what is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sfnet_ros.files import check_writable


def check_outputs(outputs: Sequence[Path], bags: Sequence[Path]) -> None:
    """Refuse, before minutes of work, what could not be written in the end, or would lie upon a recording.

    Raises:
        ValueError: An output is a recording, or within one.
        OSError: It cannot be written.
    """
    recordings = [bag.resolve() for bag in bags]
    for path in outputs:
        if any(bag in path.resolve().parents or path.resolve() == bag for bag in recordings):
            raise ValueError(f'{path} is a recording, or within one, and is left as it is; choose another name')
    check_writable(*outputs)
