"""What a replay comes to: numbers for programs, a table for people."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sfnet_ros.evaluation import ConfusionMatrix, scores_table
from sfnet_ros.files import atomic_path
from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.replay.replayed import Replayed


@dataclass(frozen=True)
class LatencyMs:
    """Give milliseconds from the publishing of a frame to the arrival of its label."""

    p50: float
    p95: float
    max: float


@dataclass(frozen=True)
class ReplayReport:
    """Hold what a replay came to; the fields are the keys of report.json.

    Args:
        bag: The recording.
        topic: Its topic of frames.
        truth_topic: Its topic of ground truth; None where nothing was scored.
        model: What ran, such as ``df1_camvid on torch/cpu/float32``.
        speed: 2 is twice as fast as recorded.
        sent: Frames published.
        processed: Frames whose label came back.
        dropped: The others.
        fps: Labels per second, from the first to the last; None for a single one.
        model_ms: Median time of the model alone on these frames, outside the node.
        not_scored: Why there are no scores; None where there are.
        miou: Mean IoU over the processed frames, 0 to 1; None without ground truth.
        iou_per_class: IoU by class, 0 to 1; None where neither truth nor model has the class.
        pixel_accuracy: Share of the scored pixels that are right, 0 to 1.
        warnings: What the node warned of.
    """

    bag: str
    topic: str
    truth_topic: str | None
    model: str
    speed: float
    sent: int
    processed: int
    dropped: int
    latency_ms: LatencyMs
    fps: float | None
    model_ms: float
    not_scored: str | None
    miou: float | None
    iou_per_class: dict[str, float | None]
    pixel_accuracy: float | None
    warnings: list[str]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + '\n', encoding='utf-8')


def latency_of(replayed: Replayed) -> LatencyMs:
    """Sum up how long the labels took."""
    latencies = replayed.latencies_ms()
    p50, p95 = np.percentile(latencies, (50, 95))
    return LatencyMs(round(float(p50), 2), round(float(p95), 2), round(max(latencies), 2))


def fps_of(replayed: Replayed) -> float | None:
    """Count the labels per second from the first to the last."""
    moments = sorted(replayed.received_ns.values())
    seconds = (moments[-1] - moments[0]) / 1e9
    return round((len(moments) - 1) / seconds, 2) if seconds > 0 else None


def share(value: float) -> float | None:
    """Give a score as JSON has it, which knows no NaN."""
    return None if math.isnan(value) else round(value, 6)


def table(report: ReplayReport, confusion: ConfusionMatrix, label_space: LabelSpace) -> str:
    """Write a report as lines of text."""
    latency, fps = report.latency_ms, '-' if report.fps is None else f'{report.fps:.1f}'
    lines = [
        f'{report.bag} {report.topic} through {report.model}',
        '',
        f'frames    {report.sent} sent   {report.processed} processed   {report.dropped} dropped',
        f'latency   {latency.p50:.1f} ms p50   {latency.p95:.1f} ms p95   {latency.max:.1f} ms max   publish to label',
        f'model     {report.model_ms:.1f} ms p50   (alone, after the replay)',
        f'rate      {fps} labels per second',
        '',
    ]
    if report.not_scored is not None:
        return '\n'.join([*lines, f'not scored: {report.not_scored}'])
    return '\n'.join([*lines, 'IoU against the ground truth, in percent:', scores_table(confusion, label_space)])
