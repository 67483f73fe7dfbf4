"""Label maps on their way from the collector to the supervisor: one after the other in a file without a name."""

from __future__ import annotations

import tempfile
from math import prod
from typing import IO

import numpy as np
from numpy.typing import NDArray


class LabelStore:
    """Read back the label maps that the collector appended; the file is gone with the last process that has it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the store
        self._places: dict[int, tuple[int, tuple[int, int]]] = {}
        self._end = 0

    def fileno(self) -> int:
        """Give the descriptor to append to."""
        return self._file.fileno()

    def add(self, stamp_ns: int, label_hw: tuple[int, int]) -> None:
        """Note that a label map was appended; of two with the same stamp the first counts."""
        self._places.setdefault(stamp_ns, (self._end, label_hw))
        self._end += prod(label_hw)

    def get(self, stamp_ns: int) -> NDArray[np.uint8] | None:
        """Give the label map of a stamp, ``(H, W)``; None where none came."""
        if stamp_ns not in self._places:
            return None
        offset, label_hw = self._places[stamp_ns]
        self._file.seek(offset)
        return np.frombuffer(self._file.read(prod(label_hw)), np.uint8).reshape(label_hw)
