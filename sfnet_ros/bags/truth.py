"""The ground truth of a recording, by the stamps of its frames."""

from __future__ import annotations

import tempfile
from itertools import islice
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.messages import TYPES, LabelFormatError, to_label_map
from sfnet_ros.bags.read import Bag

_LOOKED_AT: Final = 10


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
        self.topic = topic
        self._kind = '' if topic is None else bag.image_topics[topic]
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self._places: dict[int, tuple[int, int]] = {}
        end = 0
        for entry in bag.messages(topic) if topic is not None else ():
            self._places[entry.stamp_ns] = (end, len(entry.data))
            end += self._file.write(entry.data)

    def get(self, stamp_ns: int) -> NDArray[np.uint8] | None:
        """Give the label map of a stamp, ``(H, W)`` train ids; None where there is none.

        Raises:
            LabelFormatError: It is damaged.
        """
        if stamp_ns not in self._places:
            return None
        offset, size = self._places[stamp_ns]
        self._file.seek(offset)
        return to_label_map(TYPES.deserialize_cdr(self._file.read(size), self._kind))


def check_truth(bag: Bag, truth_topic: str) -> None:
    """Look at the first messages of ground truth, as what is none is better known early.

    Raises:
        LabelFormatError: None of them is a label map.
    """
    wrong: LabelFormatError | None = None
    for entry in islice(bag.messages(truth_topic), _LOOKED_AT):
        try:
            to_label_map(entry.message)
            return
        except LabelFormatError as error:
            # One may be damaged: that does not make the others anything else.
            wrong = wrong or error
    if wrong is not None:
        raise LabelFormatError(f'{bag.path}: {truth_topic} holds no ground truth: {wrong}') from wrong
