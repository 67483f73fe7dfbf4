"""The ground truth of a recording, by the stamps of its frames."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.messages import TYPES, to_label_map
from sfnet_ros.bags.read import LABEL_SPACE_NOTE, Bag
from sfnet_ros.labels import LabelSpace


def why_not_scored(bag: Bag, truth_topic: str | None, label_space: LabelSpace) -> str | None:
    """Say why a recording gives no scores to a model of such classes; None where it does."""
    if truth_topic is None:
        return 'the bag names no ground truth; where it has one, name its topic with --truth'
    truth_space = bag.notes.get(LABEL_SPACE_NOTE, label_space.name)
    if truth_space != label_space.name:
        return f'the ground truth is in classes of {truth_space}, the model in {label_space.name}'
    return None


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
