"""Walk over a recording, or a part of it: every frame through the segmenter, and its labels scored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.ahead import read_ahead
from sfnet_ros.bags.album import Sampling
from sfnet_ros.bags.messages import LabelFormatError
from sfnet_ros.bags.read import Bag, BagError, BagMessage
from sfnet_ros.bags.scores import BagScores, LabelledFrame, Scorer
from sfnet_ros.bags.truth import Truths
from sfnet_ros.runtime import ImageFormatError, Segmenter, to_rgb

# Frames whose labels wait for being scored.
_WAITING = 2

# Sizes that are halved or doubled are rounded.
_SAME_ASPECT = 0.01


@dataclass(frozen=True)
class ReadFrame:
    """Hold a frame and its ground truth.

    Args:
        index: Place on its topic.
        stamp_ns: Of the header.
        rgb: ``(H, W, 3)``; None where it cannot be decoded.
        target: Ground truth, of any size of the frame's aspect; None where there is none, or none that can be used.
        complaints: What is wrong with them.
        misfit: What to tally where the ground truth is of another aspect, and which; see `Tally.add`.
    """

    index: int
    stamp_ns: int
    rgb: NDArray[np.uint8] | None
    target: NDArray[np.uint8] | None
    complaints: list[str]
    misfit: tuple[str, str] | None = None

    def report(self, scores: BagScores) -> None:
        """Count what is wrong."""
        scores.complaints.update(self.complaints)
        scores.unread += self.rgb is None
        if self.misfit is not None:
            scores.misfits.add(*self.misfit)


def evaluate_frames(
    bag_path: Path,
    topic: str,
    truth_topic: str | None,
    segmenter: Segmenter,
    start: int = 0,
    stop: int | None = None,
    *,
    sampling: Sampling | None = None,
    on_frame: Callable[[], object] = lambda: None,
) -> BagScores:
    """Segment and score the frames of a recording from ``start`` on up to before ``stop``.

    The scores of the parts of a recording merge to those of the whole: the frame before a part is segmented once more,
    for the flicker between it and the first of the part. While a frame is segmented the next ones are decoded, and the
    labels of the one before it scored, in threads of their own.

    Args:
        bag_path: The recording.
        topic: Topic of the frames.
        truth_topic: Topic of the ground truth in the segmenter's classes, if any.
        segmenter: Gives the labels, at the ground truth's size where that is another than the frame's.
        start: Place of the first frame on its topic.
        stop: Place after the last one; None is the recording's end.
        sampling: Which pictures are kept, the same for all parts; None takes about 150 of this recording.
        on_frame: Called for every frame that is through.

    Raises:
        BagError: The recording cannot be read, or its ground truth is of other classes; of one that is damaged the
            whole frames are scored.
    """
    if sampling is None:
        with Bag(bag_path) as bag:
            sampling = Sampling.of(bag.count(topic))
    scores = BagScores(segmenter.label_space.num_classes, sampling)
    walk = _Walk(str(bag_path), segmenter, Scorer(scores), start)
    open_frames = partial(_read, bag_path, topic, truth_topic, (start, stop), scores)
    with read_ahead(open_frames) as frames, ThreadPoolExecutor(1, 'score') as beside:
        waiting: list[Future[None]] = []
        started_s = 0.0
        for frame in frames:
            if frame.index >= start:
                frame.report(scores)
            if frame.rgb is not None:
                walk.warm_up(frame.rgb)
                started_s = started_s or time.perf_counter()
                waiting.append(beside.submit(walk.score, walk.segment(frame, frame.rgb)))
            while len(waiting) > _WAITING:
                waiting.pop(0).result()
            if frame.index >= start:
                on_frame()
        for future in waiting:
            future.result()
        scores.seconds = time.perf_counter() - started_s if started_s else 0.0
    return scores


class _Walk:
    """Bring frames from the recording to the scorer."""

    def __init__(self, bag_name: str, segmenter: Segmenter, scorer: Scorer, start: int) -> None:
        self._bag_name = bag_name
        self._segmenter = segmenter
        self._scorer = scorer
        self._start = start
        self._warm: set[tuple[int, ...]] = set()

    def warm_up(self, rgb: NDArray[np.uint8]) -> None:
        """Keep the first calls at a new size, which take longer, out of the timing."""
        if rgb.shape not in self._warm:
            self._warm.add(rgb.shape)
            self._segmenter.warm_up((rgb.shape[0], rgb.shape[1]))

    def segment(self, frame: ReadFrame, rgb: NDArray[np.uint8]) -> LabelledFrame:
        output_hw = None if frame.target is None else (frame.target.shape[0], frame.target.shape[1])
        started_s = time.perf_counter()
        found = self._segmenter(rgb, output_hw)
        latency_ms = (time.perf_counter() - started_s) * 1e3
        return LabelledFrame(
            self._bag_name,
            frame.index,
            frame.stamp_ns,
            rgb,
            frame.target,
            found.label_map,
            found.confidence,
            latency_ms,
        )

    def score(self, frame: LabelledFrame) -> None:
        if frame.index < self._start:
            self._scorer.see(frame)
            return
        try:
            self._scorer.add(frame)
        except ValueError as error:
            raise BagError(f'{frame.bag}: ground truth of {frame.stamp_ns} ns: {error}') from error


def _read(
    bag_path: Path, topic: str, truth_topic: str | None, span: tuple[int, int | None], scores: BagScores
) -> Iterator[ReadFrame]:
    start, stop = span
    with Bag(bag_path) as bag:
        yield from read_frames(bag, topic, truth_topic, start - 1, stop)
        # Said with its counts, which are those of one process only where all is read.
        if stop is None:
            scores.damage |= dict.fromkeys(f'{bag_path}: {warning}' for warning in bag.warnings)


def read_frames(
    bag: Bag, topic: str, truth_topic: str | None, start: int = 0, stop: int | None = None
) -> Iterator[ReadFrame]:
    """Go through the frames of a recording from ``start`` on up to before ``stop``, with their ground truth."""
    truths = Truths(bag, truth_topic)
    for index, entry in enumerate(islice(bag.messages(topic), stop)):
        if index >= start:
            yield read_frame(bag.path, index, entry, truths)


def read_frame(bag_path: Path, index: int, entry: BagMessage, truths: Truths) -> ReadFrame:
    """Decode a recorded frame, and find its ground truth."""
    rgb = target = misfit = None
    complaints = []
    try:
        rgb = to_rgb(entry.message)
    except ImageFormatError as error:
        complaints.append(f'{bag_path}: a frame was left out: {error}')
    try:
        target = truths.get(entry.stamp_ns)
    except LabelFormatError as error:
        complaints.append(f'{bag_path}: a frame was not scored, as its ground truth is damaged: {error}')
    if rgb is not None and target is not None and not _of_one_aspect(rgb, target):
        sizes = f'{target.shape[0]}x{target.shape[1]} of a frame of {rgb.shape[0]}x{rgb.shape[1]}'
        what = f'{bag_path}: frames not scored, as their ground truth on {truths.topic} is of another aspect'
        misfit, target = (what, f'{entry.stamp_ns} ns: {sizes}'), None
    return ReadFrame(index, entry.stamp_ns, rgb, target, complaints, misfit)


def _of_one_aspect(rgb: NDArray[np.uint8], target: NDArray[np.uint8]) -> bool:
    (height, width), (true_height, true_width) = rgb.shape[:2], target.shape
    return target.size > 0 and abs(true_height * width / (true_width * height) - 1) <= _SAME_ASPECT
