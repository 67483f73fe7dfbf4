"""Judge recordings part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sfnet_ros.bags.album import Sampling
from sfnet_ros.bags.evaluate import evaluate_frames
from sfnet_ros.bags.scores import BagScores
from sfnet_ros.bags.source import Source, why_not_scored
from sfnet_ros.labels import LabelSpace
from sfnet_ros.runtime import Segmenter


class Progress(Protocol):
    """Hear of the work as it is done."""

    def done(self, frames: int) -> None:
        """Frames are judged."""
        ...

    def finished(self) -> None:
        """All of a recording is judged."""
        ...


@dataclass(frozen=True)
class Part:
    """Name frames of a recording that are judged in one go; it goes to other processes.

    Args:
        number: Its place among all parts of all recordings.
        source: The recording.
        truth_topic: Topic of the ground truth in the model's classes, if any.
        sampling: Which pictures are kept, the same for all parts.
        start: Place of the first frame.
        stop: Place after the last one; None is the recording's end.
    """

    number: int
    source: Source
    truth_topic: str | None
    sampling: Sampling
    start: int = 0
    stop: int | None = None

    @property
    def frames(self) -> int:
        """Count the frames, those too that may turn out to be damaged."""
        return (self.source.frames if self.stop is None else self.stop) - self.start

    def evaluate(self, segmenter: Segmenter, on_frame: Callable[[], object] = lambda: None) -> BagScores:
        """Judge a model on the part; see `evaluate_frames`."""
        return evaluate_frames(
            self.source.path,
            self.source.topic,
            self.truth_topic,
            segmenter,
            self.start,
            self.stop,
            sampling=self.sampling,
            on_frame=on_frame,
        )


def divide(sources: Sequence[Source], label_space: LabelSpace, frames_per_part: int | None = None) -> list[Part]:
    """Divide recordings into parts.

    Args:
        sources: The recordings.
        label_space: Classes of the model.
        frames_per_part: How many frames of a recording are a part; None leaves each recording whole.

    Raises:
        ValueError: That is none.
    """
    if frames_per_part is not None and frames_per_part < 1:
        raise ValueError(f'chunks of {frames_per_part} frames are not accepted; 1 or more are')
    sampling = Sampling.of(sum(source.frames for source in sources))
    parts: list[Part] = []
    for source in sources:
        reason = why_not_scored(source.truth_topic, source.truth_space, label_space)
        truth_topic = source.truth_topic if reason is None else None
        starts = range(0, source.frames, frames_per_part or source.frames)
        for start, stop in zip(starts, [*starts[1:], None], strict=True):
            parts.append(Part(len(parts), source, truth_topic, sampling, start, stop))
    return parts
