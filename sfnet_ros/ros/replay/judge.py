"""Judge a replay: what came back is scored as `sfnet bag evaluate` scores what it computes, and shown."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.album import Sampling
from sfnet_ros.bags.evaluate import ReadFrame, read_frame
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.scores import BagScores, LabelledFrame, Scorer
from sfnet_ros.bags.source import Source, why_not_scored
from sfnet_ros.bags.truth import Truths
from sfnet_ros.pictures import resize_labels
from sfnet_ros.ros.replay.gallery import SHEET, VIDEO, new_gallery
from sfnet_ros.ros.replay.label_store import CONFIDENCE
from sfnet_ros.ros.replay.live import live_facts
from sfnet_ros.ros.replay.plan import ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed
from sfnet_ros.ros.replay.report import JSON, PAGE, ReplayReport
from sfnet_ros.runtime import ImageFormatError, Segmenter, to_rgb

RESULTS = (VIDEO, SHEET, PAGE, JSON)

_RESIZED = (
    "labels were brought from the frame's size to that of its truth, by the nearest pixels, where `sfnet bag evaluate` "
    'computes them at that size'
)

# Enough for a median, and no long wait with a large model.
_TIMED_FRAMES = 20


def judge(
    source: Source,
    plan: ReplayPlan,
    replayed: Replayed,
    segmenter: Segmenter,
    out: Path,
    on_frame: Callable[[], object] = lambda: None,
) -> ReplayReport:
    """Score what came back and write `RESULTS`, all of them or, where something fails, none.

    Args:
        source: The recording.
        plan: What was replayed.
        replayed: What came back.
        segmenter: The model that ran in the node, for its classes and its speed alone.
        out: Folder of the results.
        on_frame: Called for every frame that is through.

    Raises:
        ValueError: The ground truth is none for this model.
        OSError: A result cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    # Beside the results of an earlier replay, until these are whole: they belong together.
    with TemporaryDirectory(prefix='.replay.', dir=out) as workshop, Bag(source.path) as bag:
        folder = Path(workshop)
        scores = _score(bag, source, replayed, segmenter, folder, on_frame)
        # How much of the truth was used is no fault of the recording where frames were dropped.
        run = Run.of(segmenter, [replace(source, truths=0)], scores)
        stamps_ns = [message.stamp_ns for message in bag.messages(source.topic)]
        live = live_facts(plan, replayed, stamps_ns, scores.unread, _model_ms(bag, source.topic, segmenter))
        report = ReplayReport(source, run, live)
        report.write(folder)
        for name in RESULTS:
            os.replace(folder / name, out / name)
    return report


def _score(
    bag: Bag,
    source: Source,
    replayed: Replayed,
    segmenter: Segmenter,
    folder: Path,
    on_frame: Callable[[], object],
) -> BagScores:
    """Go through the frames once: each is scored, becomes a picture of the video, and perhaps a row of the sheet."""
    label_space = segmenter.label_space
    not_scored = why_not_scored(source.truth_topic, source.truth_space, label_space)
    truths = Truths(bag, None if not_scored else source.truth_topic)
    scores = BagScores(label_space.num_classes, Sampling.of(replayed.sent))
    scorer = Scorer(scores)
    with new_gallery(folder, replayed, label_space) as gallery:
        for stamp_ns, frame in _sent_frames(bag, source, truths, replayed):
            on_frame()
            frame.report(scores)
            if frame.rgb is None:
                continue
            if (labelled := _labelled(str(source.path), frame, stamp_ns, replayed)) is None:
                gallery.show_dropped(frame.rgb)
            else:
                if frame.target is not None and frame.target.shape != frame.rgb.shape[:2]:
                    scores.complaints[_RESIZED] += 1
                scorer.add(labelled)
                gallery.show(labelled)
    return scores


def _sent_frames(bag: Bag, source: Source, truths: Truths, replayed: Replayed) -> Iterator[tuple[int, ReadFrame]]:
    """Give the frames that were sent, loop after loop, with the stamp that each was sent under."""
    number = 0
    for loop in range(1 + max(loop for loop, _ in replayed.sent_as)):
        for index, entry in enumerate(bag.messages(source.topic)):
            if (loop, index) in replayed.sent_as:
                yield replayed.sent_as[loop, index], read_frame(source.path, number, entry, truths)
            number += 1


def _labelled(bag_name: str, frame: ReadFrame, stamp_ns: int, replayed: Replayed) -> LabelledFrame | None:
    """Bring a frame and its labels together; None where the node gave none."""
    label_map, confidence = replayed.labels.get(stamp_ns), replayed.labels.get(stamp_ns, CONFIDENCE)
    if label_map is None:
        return None
    if frame.target is not None:
        # The node labels at the frame's size, and truth is compared at its own.
        label_map = resize_labels(label_map, frame.target.shape)
        confidence = None if confidence is None else resize_labels(confidence, frame.target.shape)
    latency_ms = (replayed.received_ns[stamp_ns] - replayed.sent_ns[stamp_ns]) / 1e6
    assert frame.rgb is not None
    return LabelledFrame(bag_name, frame.index, stamp_ns, frame.rgb, frame.target, label_map, confidence, latency_ms)


def _model_ms(bag: Bag, topic: str, segmenter: Segmenter) -> float:
    """Time the model alone on the first frames: what remains of the latency is the node's and the transport's."""
    times_ms: list[float] = []
    for rgb in islice(_readable(bag, topic), _TIMED_FRAMES):
        if not times_ms:
            segmenter.warm_up((rgb.shape[0], rgb.shape[1]))
        started_s = time.perf_counter()
        segmenter(rgb)
        times_ms.append((time.perf_counter() - started_s) * 1e3)
    return round(median(times_ms), 2)


def _readable(bag: Bag, topic: str) -> Iterator[NDArray[np.uint8]]:
    for message in bag.messages(topic):
        with suppress(ImageFormatError):
            yield to_rgb(message.message)
