"""Libraries that may be absent: whether they are here, and what to say where they are not."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable


def missing(libraries: Iterable[str]) -> list[str]:
    """List those of the libraries that cannot be imported here, without importing any."""
    return [library for library in libraries if importlib.util.find_spec(library) is None]


def require(libraries: Iterable[str], purpose: str, extra: str) -> None:
    """Refuse to go on without libraries.

    Args:
        libraries: Names to import.
        purpose: What they are for, as the sentence's subject.
        extra: Of this package, which installs them.

    Raises:
        ValueError: One is not installed; the sentence says how to get it.
    """
    absent = missing(libraries)
    if absent:
        raise ValueError(
            f"{purpose} needs {' and '.join(absent)}, not installed here: pip install 'sfnet_ros[{extra}]'"
        )
