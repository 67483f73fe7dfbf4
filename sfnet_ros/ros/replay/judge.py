"""Judge a replay: scores, video and contact sheet of what came back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from sfnet_ros.bags.read import LABEL_SPACE_NOTE, Bag
from sfnet_ros.bags.review import ReviewedFrame, review
from sfnet_ros.bags.sheet import SHEET_ROWS, write_sheet
from sfnet_ros.bags.video import new_video
from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import beside, legend, overlay
from sfnet_ros.ros.replay.plan import ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed
from sfnet_ros.ros.replay.report import ReplayReport, fps_of, latency_of, share
from sfnet_ros.runtime import Segmenter

RESULTS = ('overlay.mp4', 'contact_sheet.png', 'report.json')

# Enough for a median, and no long wait with a large model.
_TIMED_FRAMES = 20
_FPS_OF_ONE_FRAME = 1.0


def judge(
    bag: Bag,
    plan: ReplayPlan,
    replayed: Replayed,
    segmenter: Segmenter,
    out: Path,
    on_frame: Callable[[], object],
) -> tuple[ReplayReport, ConfusionMatrix]:
    """Score what came back and write `RESULTS`, all of them or, where something fails, none.

    Args:
        bag: The recording.
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
    # Beside the results of an earlier replay, until these are whole: the three belong together.
    with TemporaryDirectory(prefix='.replay.', dir=out) as workshop:
        report, confusion = _judge(bag, plan, replayed, segmenter, Path(workshop), on_frame)
        for name in RESULTS:
            os.replace(Path(workshop, name), out / name)
    return report, confusion


def _judge(
    bag: Bag,
    plan: ReplayPlan,
    replayed: Replayed,
    segmenter: Segmenter,
    folder: Path,
    on_frame: Callable[[], object],
) -> tuple[ReplayReport, ConfusionMatrix]:
    label_space = segmenter.label_space
    not_scored = _why_not_scored(bag, plan, label_space)
    truth_topic = None if not_scored else plan.truth_topic
    frames = review(bag, plan.topic, truth_topic, replayed.labels.get)
    confusion = _score_and_draw(frames, replayed, label_space, folder, on_frame)
    iou_per_class = dict(zip(label_space.names, map(share, confusion.iou_per_class), strict=True))
    report = ReplayReport(
        bag=str(plan.bag),
        topic=plan.topic,
        truth_topic=truth_topic,
        model=segmenter.describe(),
        speed=plan.speed,
        sent=replayed.sent,
        processed=len(replayed.received_ns),
        dropped=replayed.sent - len(replayed.received_ns),
        latency_ms=latency_of(replayed),
        fps=fps_of(replayed),
        model_ms=_model_ms(bag, plan.topic, segmenter),
        not_scored=not_scored,
        miou=share(confusion.miou),
        iou_per_class=iou_per_class,
        pixel_accuracy=share(confusion.pixel_accuracy),
        warnings=replayed.warnings,
    )
    report.write(folder / 'report.json')
    return report, confusion


def _why_not_scored(bag: Bag, plan: ReplayPlan, label_space: LabelSpace) -> str | None:
    if plan.truth_topic is None:
        return 'the bag names no ground truth; where it has one, name its topic with --truth'
    truth_space = bag.notes.get(LABEL_SPACE_NOTE, label_space.name)
    if truth_space != label_space.name:
        return f'the ground truth is in classes of {truth_space}, the model in {label_space.name}'
    return None


def _score_and_draw(
    frames: Iterable[ReviewedFrame],
    replayed: Replayed,
    label_space: LabelSpace,
    folder: Path,
    on_frame: Callable[[], object],
) -> ConfusionMatrix:
    """Go through the frames once: each is scored, becomes a picture of the video, and perhaps a row of the sheet."""
    confusion = ConfusionMatrix(label_space.num_classes)
    processed = sorted(replayed.received_ns)
    on_sheet = {processed[index] for index in np.linspace(0, len(processed) - 1, SHEET_ROWS).round().astype(int)}
    rows: list[ReviewedFrame] = []
    key = legend(label_space)
    with new_video(folder / 'overlay.mp4', _recorded_fps(sorted(replayed.sent_ns))) as video:
        for frame in frames:
            on_frame()
            if frame.label_map is None:
                # Dropped: shown as the camera saw it.
                video.append(beside(frame.rgb, key))
                continue
            if frame.target is not None:
                confusion.update(frame.label_map, frame.target)
            if frame.stamp_ns in on_sheet:
                rows.append(frame)
            video.append(beside(overlay(frame.rgb, frame.label_map, label_space), key))
    write_sheet(folder / 'contact_sheet.png', rows, label_space)
    return confusion


def _recorded_fps(stamps_ns: list[int]) -> float:
    """Tell the rate of a recording from its stamps."""
    if len(stamps_ns) < 2:
        return _FPS_OF_ONE_FRAME
    return 1e9 / float(np.median(np.diff(stamps_ns)))


def _model_ms(bag: Bag, topic: str, segmenter: Segmenter) -> float:
    """Time the model alone on the first frames: what remains of the latency is the node's and the transport's."""
    times_ms: list[float] = []
    for frame in review(bag, topic, None, lambda _: None):
        if not times_ms:
            segmenter.warm_up((frame.rgb.shape[0], frame.rgb.shape[1]))
        started_s = time.perf_counter()
        segmenter(frame.rgb)
        times_ms.append((time.perf_counter() - started_s) * 1e3)
        if len(times_ms) == _TIMED_FRAMES:
            break
    return round(median(times_ms), 2)
