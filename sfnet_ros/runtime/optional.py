"""Libraries that may be absent: whether they are here, and what to say where they are not."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable

# What keeps a library from reporting its use over the network, and from keeping an identifier of the machine for that:
# it reads this when it is imported.
_REPORTS_NOTHING = {'onnxruntime': ('ORT_DISABLE_TELEMETRY', '1')}


def missing(libraries: Iterable[str]) -> list[str]:
    """List those of the libraries that cannot be imported here, without importing any."""
    return [library for library in libraries if importlib.util.find_spec(library) is None]


def require(libraries: Iterable[str], purpose: str, extra: str) -> None:
    """Refuse to go on without libraries; those that are here may be imported from here on, and report nothing.

    Args:
        libraries: Names to import.
        purpose: What they are for, as the sentence's subject.
        extra: Of this package, which installs them.

    Raises:
        ValueError: One is not installed; the sentence says how to get it.
    """
    needed = tuple(libraries)
    absent = missing(needed)
    if absent:
        raise ValueError(
            f"{purpose} needs {' and '.join(absent)}, not installed here: pip install 'sfnet_ros[{extra}]'"
        )
    for library in needed:
        if library in _REPORTS_NOTHING:
            # A user's own word stands.
            os.environ.setdefault(*_REPORTS_NOTHING[library])
