"""Bring together what belongs to one stamp: frame, ground truth and label map."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.messages import LabelFormatError, to_label_map
from sfnet_ros.bags.read import Bag
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReviewedFrame:
    """Hold what is known of one frame.

    Args:
        rgb: ``(H, W, 3)``.
        target: Ground truth, ``(H, W)`` train ids, 255 = unlabelled; None where the recording has none.
        label_map: What the model made of it, likewise; None where the frame was dropped.
    """

    stamp_ns: int
    rgb: NDArray[np.uint8]
    target: NDArray[np.uint8] | None
    label_map: NDArray[np.uint8] | None


def review(
    bag: Bag, topic: str, truth_topic: str | None, label_map_of: Callable[[int], NDArray[np.uint8] | None]
) -> Iterator[ReviewedFrame]:
    """Go through the frames of a recording with their ground truth and their label maps.

    Frames that cannot be decoded are passed over with a warning.

    Args:
        bag: The recording.
        topic: Topic of the frames.
        truth_topic: Topic of the ground truth, if any.
        label_map_of: Gives the label map of a stamp.

    Raises:
        LabelFormatError: The ground truth is no label map.
    """
    # As they were recorded: a drive's worth of PNGs is small, its label maps are not.
    truths = {} if truth_topic is None else {entry.stamp_ns: entry.message for entry in bag.messages(truth_topic)}
    for frame in bag.messages(topic):
        try:
            rgb = to_rgb(frame.message)
        except ImageFormatError as error:
            _logger.warning('frame of %d ns: %s', frame.stamp_ns, error)
            continue
        truth = truths.get(frame.stamp_ns)
        target = None if truth is None else to_label_map(truth)
        yield ReviewedFrame(frame.stamp_ns, rgb, target, label_map_of(frame.stamp_ns))


def check_truth(bag: Bag, truth_topic: str) -> None:
    """Look at the first message of ground truth, as what is none is better known early.

    Raises:
        LabelFormatError: It is no label map.
    """
    for first in islice(bag.messages(truth_topic), 1):
        try:
            to_label_map(first.message)
        except LabelFormatError as error:
            raise LabelFormatError(f'{truth_topic} holds no ground truth: {error}') from error
