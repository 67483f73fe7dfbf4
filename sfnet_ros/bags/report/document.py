"""An evaluation as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sfnet_ros import files
from sfnet_ros.bags.run import Run, label_agreement
from sfnet_ros.bags.source import Source

WORST = 6


def write_json(path: Path, sources: Sequence[Source], runs: Sequence[Run]) -> None:
    """Write an evaluation as JSON: the first run's scores under their names, all of them under ``runs``.

    Raises:
        OSError: It cannot be written.
    """
    files.write_json(path, document(sources, runs))


def document(sources: Sequence[Source], runs: Sequence[Run]) -> dict[str, Any]:
    """Give what `write_json` writes; what is not known is None."""
    first, *others = runs
    return {
        'bags': [str(source.path) for source in sources],
        'topics': [source.topic for source in sources],
        'truth_topics': [source.truth_topic for source in sources],
        **of_run(first),
        'runs': [of_run(run) for run in runs],
        'differences': [difference(first, run) for run in others],
    }


def of_run(run: Run) -> dict[str, Any]:
    """Give the scores of one run."""
    scores, names = run.scores, run.label_space.names
    pixels = scores.pixels
    return {
        'run': run.name,
        'model': run.model,
        'backend': run.backend,
        'device': run.device,
        'precision': run.precision,
        'label_space': run.label_space.name,
        'frames': len(scores.frames),
        'scored_frames': scores.scored,
        'unread_frames': scores.unread,
        'not_scored': run.not_scored,
        'refused_bags': {str(path): str(error) for path, error in run.refused.items()},
        'miou': number(scores.confusion.miou),
        'iou_per_class': _by_class(names, scores.confusion.iou_per_class),
        'pixel_accuracy': number(scores.confusion.pixel_accuracy),
        'confusion': scores.confusion.matrix.tolist() if scores.scored else None,
        'boundary_f': number(scores.boundary.f_score),
        'boundary_f_per_class': _by_class(names, scores.boundary.f_per_class),
        'ece': number(scores.calibration.ece),
        'mean_confidence': number(scores.calibration.mean_confidence),
        'reliability': [
            {
                'lower': number(part.lower),
                'pixels': part.pixels,
                'confidence': number(part.confidence),
                'accuracy': number(part.accuracy),
            }
            for part in scores.calibration.reliability()
        ],
        'flicker': number(scores.flicker.share),
        'truth_flicker': number(scores.truth_flicker.share),
        'latency_ms': latency_ms(run),
        'fps': number(scores.fps),
        'class_shares': _by_class(names, pixels / max(1, pixels.sum())),
        'worst_frames': [
            {'bag': frame.bag, 'index': frame.index, 'stamp_ns': frame.stamp_ns, 'miou': number(frame.miou)}
            for frame in worst_frames(run)
        ],
        'warnings': [*scores.damage, *scores.warnings],
    }


def latency_ms(run: Run) -> dict[str, float | None]:
    """Sum up how long the labels took."""
    found = spread(frame.latency_ms for frame in run.scores.frames if not math.isnan(frame.latency_ms))
    return dict(found) if found else dict.fromkeys(('mean', 'p50', 'p95', 'max'))


def spread(values: Iterable[float]) -> dict[str, float]:
    """Give mean, p50, p95 and max; nothing of nothing."""
    found = np.fromiter(values, float)
    if not len(found):
        return {}
    p50, p95 = np.percentile(found, (50, 95))
    numbers = {'mean': found.mean(), 'p50': p50, 'p95': p95, 'max': found.max()}
    return {name: round(float(value), 2) for name, value in numbers.items()}


def difference(first: Run, run: Run) -> dict[str, Any]:
    """Give what another run has more (or, below zero, less) than the first."""
    of_first, of_other = of_run(first), of_run(run)
    by_class = of_first['iou_per_class'].keys() & of_other['iou_per_class'].keys()
    latencies = of_first['latency_ms']
    return {
        'run': run.name,
        'against': first.name,
        **{
            key: _more(of_other[key], of_first[key])
            for key in ('miou', 'pixel_accuracy', 'boundary_f', 'ece', 'flicker', 'fps')
        },
        'latency_ms': {name: _more(of_other['latency_ms'][name], latencies[name]) for name in latencies},
        'iou_per_class': {
            name: _more(of_other['iou_per_class'][name], value)
            for name, value in of_first['iou_per_class'].items()
            if name in by_class
        },
        'label_agreement': number(label_agreement(first, run)),
    }


def worst_frames(run: Run) -> list[Any]:
    """Give the scores of the worst frames, the worst first."""
    by_key = {frame.key: frame for frame in run.scores.frames}
    return [by_key[key] for key in run.scores.album.worst(WORST)]


def number(value: float) -> float | None:
    """Give a score as JSON has it, which knows no NaN."""
    return None if math.isnan(value) else round(float(value), 6)


def _by_class(names: Sequence[str], values: Any) -> dict[str, float | None]:
    return {name: number(value) for name, value in zip(names, values, strict=True)}


def _more(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else round(value - base, 6)
