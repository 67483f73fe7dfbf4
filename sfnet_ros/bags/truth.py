"""The ground truth of a recording, by the stamps of its frames."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.messages import TYPES, to_label_map
from sfnet_ros.bags.read import Bag


class Truths:
    """Look up the label map of a stamp, wherever in the recording it stands.

    The messages are copied into a file without a name, so that memory does not grow with the recording; it is gone with
    this object.

    Args:
        bag: The recording.
        topic: Topic of the ground truth; None: there is none.

    Raises:
        BagError: The recording cannot be read.
    """

    def __init__(self, bag: Bag, topic: str | None) -> None:
        self._kind = '' if topic is None else bag.image_topics[topic]
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self._places: dict[int, tuple[int, int]] = {}
        self._used: set[int] = set()
        end = 0
        for entry in bag.messages(topic) if topic is not None else ():
            self._places[entry.stamp_ns] = (end, len(entry.data))
            end += self._file.write(entry.data)

    @property
    def unused(self) -> set[int]:
        """Give the stamps that nobody has asked for."""
        return self._places.keys() - self._used

    def get(self, stamp_ns: int) -> NDArray[np.uint8] | None:
        """Give the label map of a stamp, ``(H, W)`` train ids; None where there is none.

        Raises:
            LabelFormatError: It is damaged.
        """
        if stamp_ns not in self._places:
            return None
        self._used.add(stamp_ns)
        offset, size = self._places[stamp_ns]
        self._file.seek(offset)
        return to_label_map(TYPES.deserialize_cdr(self._file.read(size), self._kind))
