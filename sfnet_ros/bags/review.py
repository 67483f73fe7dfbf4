"""Bring together what belongs to one stamp: frame, ground truth and label map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.messages import LabelFormatError, to_label_map
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.tally import Tally
from sfnet_ros.bags.truth import Truths
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

_LOOKED_AT = 10


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

    What is damaged or does not belong together is passed over and said in a warning of the bag, with its count.

    Args:
        bag: The recording.
        topic: Topic of the frames.
        truth_topic: Topic of the ground truth, if any.
        label_map_of: Gives the label map of a stamp.
    """
    tally = Tally()
    truths = Truths(bag, truth_topic)
    sizes: set[tuple[int, int]] = set()
    try:
        for frame in bag.messages(topic):
            rgb = _decode(frame.message, tally)
            if rgb is None:
                continue
            hw = rgb.shape[0], rgb.shape[1]
            if sizes and hw not in sizes:
                tally.add('sizes of frames beside the first', f'{hw[0]}x{hw[1]}')
            sizes.add(hw)
            target = _target(truths, frame.stamp_ns, hw, tally)
            yield ReviewedFrame(frame.stamp_ns, rgb, target, label_map_of(frame.stamp_ns))
        for stamp_ns in sorted(truths.unused):
            tally.add('label maps of the ground truth without a frame of their stamp', f'{stamp_ns} ns')
    finally:
        bag.warn(tally)


def _decode(message: Any, tally: Tally) -> NDArray[np.uint8] | None:
    try:
        return to_rgb(message)
    except ImageFormatError as error:
        tally.add('frames that cannot be decoded, left out', error)
        return None


def _target(truths: Truths, stamp_ns: int, hw: tuple[int, int], tally: Tally) -> NDArray[np.uint8] | None:
    try:
        target = truths.get(stamp_ns)
    except LabelFormatError as error:
        tally.add('damaged label maps of the ground truth, left out', error)
        return None
    if target is not None and target.shape != hw:
        height, width = target.shape
        tally.add('label maps of another size than their frames, left out', f'{height}x{width} for {hw[0]}x{hw[1]}')
        return None
    return target


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
        raise LabelFormatError(f'{truth_topic} holds no ground truth: {wrong}') from wrong
