"""Label maps and confidences on their way from the collector to the supervisor, in a file without a name."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.messages import IMAGE, take_apart, to_label_map

LABEL, CONFIDENCE = 'label', 'confidence'


class LabelStore:
    """Read back what the collector appended; the file is gone with the last process that has it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the store
        self._places: dict[tuple[str, int], tuple[int, int]] = {}
        self._end = 0

    def fileno(self) -> int:
        """Give the descriptor to append to."""
        return self._file.fileno()

    def add(self, stamp_ns: int, size: int, kind: str = LABEL) -> None:
        """Note that a message of so many bytes was appended; of two of a kind with the same stamp the first counts."""
        self._places.setdefault((kind, stamp_ns), (self._end, size))
        self._end += size

    def has(self, stamp_ns: int, kind: str) -> bool:
        """Say whether one of a kind came for a stamp."""
        return (kind, stamp_ns) in self._places

    def get(self, stamp_ns: int, kind: str = LABEL) -> NDArray[np.uint8] | None:
        """Give the label map, or the confidence, of a stamp, ``(H, W)``; None where none came.

        Raises:
            ValueError: The message holds none.
        """
        if not self.has(stamp_ns, kind):
            return None
        offset, size = self._places[kind, stamp_ns]
        self._file.seek(offset)
        return to_label_map(take_apart(self._file.read(size), IMAGE))
