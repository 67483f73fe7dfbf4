"""An evaluation as lines of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sfnet_ros.bags.report.document import latency_ms
from sfnet_ros.bags.run import Run


def table(runs: Sequence[Run]) -> str:
    """Write runs beside each other: IoU by class, and what sums them up."""
    rows: dict[str, list[str]] = {'': [str(number) for number in range(1, len(runs) + 1)]} if len(runs) > 1 else {}
    for name in dict.fromkeys(name for run in runs for name in run.label_space.names):
        rows[name] = [_iou(run, name) for run in runs]
    rows |= {name: [value(run) for run in runs] for name, value in _SUMS.items()}
    width = max(map(len, rows))
    columns = max(len(cell) for cells in rows.values() for cell in cells)
    heads = [f'{index}: {run.name}' if len(runs) > 1 else run.name for index, run in enumerate(runs, 1)]
    reasons = dict.fromkeys(f'not scored: {run.not_scored}' for run in runs if run.not_scored)
    lines = [f'{name:<{width}}  ' + '  '.join(f'{cell:>{columns}}' for cell in cells) for name, cells in rows.items()]
    return '\n'.join([*heads, *reasons, '', *lines])


def _iou(run: Run, name: str) -> str:
    names = run.label_space.names
    return _percent(run.scores.confusion.iou_per_class[names.index(name)]) if name in names else '-'


def _percent(share: float) -> str:
    return '-' if math.isnan(share) else f'{100 * share:.1f}'


def _latency(run: Run, name: str) -> str:
    value = latency_ms(run)[name]
    return '-' if value is None else f'{value:.1f}'


_SUMS: dict[str, Callable[[Run], str]] = {
    'mIoU': lambda run: _percent(run.scores.confusion.miou),
    'boundary F': lambda run: _percent(run.scores.boundary.f_score),
    'ECE': lambda run: _percent(run.scores.calibration.ece),
    'flicker': lambda run: _percent(run.scores.flicker.share),
    'latency p50, ms': lambda run: _latency(run, 'p50'),
    'latency p95, ms': lambda run: _latency(run, 'p95'),
    'frames': lambda run: str(len(run.scores.frames)),
}
