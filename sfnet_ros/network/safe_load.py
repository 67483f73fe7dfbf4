"""The one door through which files that torch wrote come in: tensors and plain values alone, no code."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

# What the restricted unpickler raises on bytes that are no pickle is whatever those bytes happen to ask for.
_UNREADABLE = (
    pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError,
    AssertionError, struct.error,
)  # fmt: skip


AllowedGlobal = Callable[..., Any] | tuple[Callable[..., Any], str]


def safe_load(path: Path, what: str, allowed: Sequence[AllowedGlobal] = ()) -> Any:
    """Read what ``torch.save`` wrote, without running anything that the file asks for.

    Args:
        path: The file, in the zip or the legacy format.
        what: What it is, as the first word of an error.
        allowed: Callables that the file may name besides those for tensors, see ``torch.serialization.safe_globals``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or holds more than tensors and plain values.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{what} {path} does not exist; give the path of a file that torch.save wrote')
    try:
        with torch.serialization.safe_globals(list(allowed)):
            return torch.load(path, map_location='cpu', weights_only=True)
    except _UNREADABLE as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f'{what} {path} was not loaded: it is damaged, or holds more than tensors and numbers and is '
            f'unsafe to open ({reason})'
        ) from error
