"""What the labels of a recording are worth: scores that parts of a recording merge to."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.album import Album, FrameKey, Sampling
from sfnet_ros.bags.tally import Tally
from sfnet_ros.evaluation import (
    BoundaryScore,
    Calibration,
    ConfusionMatrix,
    Flicker,
    Motion,
    count_bytes,
    small_grey,
    small_labels,
)


@dataclass(frozen=True)
class LabelledFrame:
    """Hold a frame and what is known of it.

    Args:
        bag: Name of the recording.
        index: Place on its topic, from 0 on; frames that could not be read keep theirs.
        stamp_ns: Of the header.
        rgb: ``(H, W, 3)``.
        target: Ground truth, train ids with 255 = unlabelled, of any size of the frame's aspect; None without it.
        label_map: What the model made of it, of the size of the ground truth, or without one of the frame.
        confidence: 255 times the probability of that, likewise; None where it is not known.
        latency_ms: How long that took; None where it is not known.
    """

    bag: str
    index: int
    stamp_ns: int
    rgb: NDArray[np.uint8]
    target: NDArray[np.uint8] | None
    label_map: NDArray[np.uint8]
    confidence: NDArray[np.uint8] | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class FrameScore:
    """Hold the scores of one frame; NaN where one is not known.

    Args:
        bag: Name of the recording.
        index: Place on its topic.
        stamp_ns: Of the header.
        pixels: Labels of each class, ``(K,)``.
        miou: Over the classes that the frame has.
        confidence: Mean, 0 to 1.
        flicker: Against the frame before it.
        latency_ms: From frame to labels.
    """

    bag: str
    index: int
    stamp_ns: int
    pixels: NDArray[np.int32]
    miou: float
    confidence: float
    flicker: float
    latency_ms: float

    @property
    def key(self) -> FrameKey:
        """Tell the frame from all others."""
        return self.bag, self.index


class BagScores:
    """Sum up the frames of a recording, or of several.

    Args:
        num_classes: Of the model.
        sampling: Which pictures are kept.
    """

    def __init__(self, num_classes: int, sampling: Sampling) -> None:
        self.confusion = ConfusionMatrix(num_classes)
        self.boundary = BoundaryScore(num_classes)
        self.calibration = Calibration()
        self.flicker = Flicker()
        self.truth_flicker = Flicker()
        self.album = Album(sampling)
        self.frames: list[FrameScore] = []
        self.scored = 0
        self.unread = 0
        self.seconds = 0.0
        self.complaints: Counter[str] = Counter()
        # Ground truth of another aspect than its frame.
        self.misfits = Tally()
        # Frames by recording, height and width.
        self.sizes: Counter[tuple[str, int, int]] = Counter()
        # Of the recording itself, in order: what its reader has warned of already.
        self.damage: dict[str, None] = {}

    @property
    def fps(self) -> float:
        """Frames per second of one process, with all that this costs; NaN before there was any."""
        return len(self.frames) / self.seconds if self.seconds else float('nan')

    @property
    def pixels(self) -> NDArray[np.int64]:
        """Labels of each class, ``(K,)``."""
        rows = [frame.pixels for frame in self.frames] or [np.zeros(self.confusion.num_classes, np.int32)]
        return np.asarray(np.sum(rows, axis=0), np.int64)

    @property
    def warnings(self) -> list[str]:
        """Say what was wrong with single frames."""
        said = [
            sentence if count == 1 else f'{sentence} ({count} times)' for sentence, count in self.complaints.items()
        ]
        said += self.misfits.sentences.values()
        for bag in sorted({bag for bag, _, _ in self.sizes}):
            counted = [(size, count) for (name, *size), count in sorted(self.sizes.items()) if name == bag]
            if len(counted) > 1:
                sizes = ', '.join(f'{count} of {height}x{width}' for (height, width), count in counted)
                said.append(f'{bag}: frames of several sizes: {sizes}')
        return said

    def merge(self, other: BagScores) -> None:
        """Take in what another part of the recording, or another recording, came to."""
        self.confusion.merge(other.confusion)
        self.boundary.merge(other.boundary)
        self.calibration.merge(other.calibration)
        self.flicker.merge(other.flicker)
        self.truth_flicker.merge(other.truth_flicker)
        self.album.merge(other.album)
        # Parts come in any order.
        self.frames = sorted([*self.frames, *other.frames], key=lambda frame: frame.key)
        self.scored += other.scored
        self.unread += other.unread
        self.seconds += other.seconds
        self.complaints.update(other.complaints)
        self.misfits.merge(other.misfits)
        self.sizes.update(other.sizes)
        self.damage |= other.damage


@dataclass(frozen=True)
class _Before:
    """Hold what flicker needs of a frame."""

    key: FrameKey
    grey: NDArray[np.uint8]
    label_map: NDArray[np.uint8]
    target: NDArray[np.uint8] | None


class Scorer:
    """Score frames in the order of their recording.

    Args:
        scores: They go there.
    """

    def __init__(self, scores: BagScores) -> None:
        self._scores = scores
        self._before: _Before | None = None

    def see(self, frame: LabelledFrame) -> float:
        """Look at a frame for the sake of the one after it, and give the flicker between it and the one before it."""
        grey = small_grey(frame.rgb)
        labels, target = (None if ids is None else small_labels(ids, grey) for ids in (frame.label_map, frame.target))
        assert labels is not None
        before, self._before = self._before, _Before((frame.bag, frame.index), grey, labels, target)
        if before is None or before.key != (frame.bag, frame.index - 1) or before.grey.shape != grey.shape:
            return float('nan')
        motion = Motion.between(before.grey, grey)
        if before.target is not None and target is not None:
            self._scores.truth_flicker.update(motion, before.target, target)
        return self._scores.flicker.update(motion, before.label_map, labels)

    def add(self, frame: LabelledFrame) -> None:
        """Score a frame.

        Raises:
            ValueError: The ground truth is of other classes.
        """
        scores = self._scores
        scores.sizes[frame.bag, frame.rgb.shape[0], frame.rgb.shape[1]] += 1
        flicker, miou, confidence = self.see(frame), float('nan'), float('nan')
        if frame.target is not None:
            of_frame = ConfusionMatrix(scores.confusion.num_classes)
            of_frame.update(frame.label_map, frame.target)
            miou = of_frame.miou
            scores.confusion.merge(of_frame)
            scores.boundary.update(frame.label_map, frame.target)
            scores.scored += 1
        if frame.confidence is not None:
            of_pixels = Calibration()
            of_pixels.update(frame.label_map, frame.confidence, frame.target)
            confidence = of_pixels.mean_confidence
            scores.calibration.merge(of_pixels)
        pixels = count_bytes(frame.label_map)[: scores.confusion.num_classes].astype(np.int32)
        latency_ms = float('nan') if frame.latency_ms is None else frame.latency_ms
        score = FrameScore(frame.bag, frame.index, frame.stamp_ns, pixels, miou, confidence, flicker, latency_ms)
        scores.frames.append(score)
        scores.album.add(score.key, _goodness(score), (frame.rgb, frame.label_map, frame.target))


def _goodness(score: FrameScore) -> tuple[float, float]:
    """Rank frames: those with a score first, then the others by how sure the model is of them."""
    if not math.isnan(score.miou):
        return 0.0, score.miou
    return 1.0, 1.0 if math.isnan(score.confidence) else score.confidence
