"""The tables of a page: what sums runs up, and IoU by class, with differences to the first run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sfnet_ros.bags.report.document import latency_ms
from sfnet_ros.bags.report.plot import run_color
from sfnet_ros.bags.run import Run, label_agreement
from sfnet_ros.pages import Markup, css_color, tag


def _latency(name: str) -> Callable[[Run], float]:
    def read(run: Run) -> float:
        value = latency_ms(run)[name]
        return math.nan if value is None else value

    return read


# Name, unit, digits, whether more is better (None: neither is), value.
_SUMS: tuple[tuple[str, str, int, bool | None, Callable[[Run], float]], ...] = (
    ('mIoU', '%', 1, True, lambda run: 100 * run.scores.confusion.miou),
    ('pixel accuracy', '%', 1, True, lambda run: 100 * run.scores.confusion.pixel_accuracy),
    ('boundary F', '%', 1, True, lambda run: 100 * run.scores.boundary.f_score),
    ('calibration error (ECE)', '%', 2, False, lambda run: 100 * run.scores.calibration.ece),
    ('mean confidence', '%', 1, None, lambda run: 100 * run.scores.calibration.mean_confidence),
    ('flicker', '%', 2, False, lambda run: 100 * run.scores.flicker.share),
    ('latency p50', 'ms', 1, False, _latency('p50')),
    ('latency p95', 'ms', 1, False, _latency('p95')),
    ('frames per second, with all scoring', '', 1, True, lambda run: run.scores.fps),
)


def summary(runs: Sequence[Run]) -> Markup:
    """Write what sums the runs up."""
    head = tag('tr', tag('th', ''), *[_head(index, run, len(runs)) for index, run in enumerate(runs)])
    rows = []
    for name, unit, digits, more_is_better, value in _SUMS:
        values = [value(run) for run in runs]
        if not all(map(math.isnan, values)):
            rows.append(tag('tr', tag('th', name), *_cells(values, unit, digits, more_is_better)))
    counts = [
        f'{len(run.scores.frames)}, {run.scores.scored} scored'
        + (f', {run.scores.unread} unreadable' if run.scores.unread else '')
        for run in runs
    ]
    rows.append(tag('tr', tag('th', 'frames'), *[tag('td', text) for text in counts]))
    if len(runs) > 1:
        shares = [100 * label_agreement(runs[0], run) for run in runs]
        cells = [tag('td', _write(share, '%', 2)) for share in shares]
        rows.append(tag('tr', tag('th', 'labels equal to the first run’s'), *cells))
    return tag('div', tag('table', head, *rows), class_='wide')


def by_class(runs: Sequence[Run]) -> Markup:
    """Write IoU and boundary F of each class."""
    heads = [_head(index, run, len(runs)) for index, run in enumerate(runs)]
    kinds = [tag('th', 'class'), *heads, *([tag('th', 'boundary F')] if len(runs) == 1 else heads)]
    over = tag('tr', tag('th', ''), *[tag('th', kind, colspan=len(runs)) for kind in ('IoU', 'boundary F')])
    rows = []
    for item in dict.fromkeys(item for run in runs for item in run.label_space.classes):
        color = css_color(item.color)
        name = tag('th', tag('span', '', class_='swatch', style=f'background:{color}'), item.name)
        scores = [_of_class(run, item.name) for run in runs]
        ious = _cells([iou for iou, _ in scores], '%', 1, True, bars=True)
        rows.append(tag('tr', name, *ious, *_cells([f_score for _, f_score in scores], '%', 1, True)))
    top = [over, tag('tr', *kinds)] if len(runs) > 1 else [tag('tr', tag('th', 'class'), tag('th', 'IoU'), kinds[-1])]
    return tag('div', tag('table', *top, *rows), class_='wide')


def _of_class(run: Run, name: str) -> tuple[float, float]:
    """Give IoU and boundary F of a class in percent; NaN where the model has no such class."""
    if name not in run.label_space.names:
        return math.nan, math.nan
    place = run.label_space.names.index(name)
    return 100 * run.scores.confusion.iou_per_class[place], 100 * run.scores.boundary.f_per_class[place]


def _head(index: int, run: Run, count: int) -> Markup:
    dot = [tag('span', '', class_='swatch', style=f'background:{run_color(index)}')] if count > 1 else []
    return tag('th', *dot, run.name)


def _cells(
    values: Sequence[float], unit: str, digits: int, more_is_better: bool | None, bars: bool = False
) -> list[Markup]:
    """Write the values of the runs, those after the first with what they have more."""
    cells = []
    for index, value in enumerate(values):
        content = [_write(value, unit, digits)]
        more = value - values[0]
        if index and math.isfinite(more):
            shown = f'{more:+.{digits}f}'
            is_even = float(shown) == 0 or more_is_better is None
            verdict = '' if is_even else 'better' if (more > 0) == more_is_better else 'worse'
            content += [' ', tag('span', shown, class_=f'more {verdict}')]
        style = {}
        if bars and math.isfinite(value):
            style = {'style': f'background:linear-gradient(90deg,#cfe3f1 {value:.1f}%,transparent {value:.1f}%)'}
        cells.append(tag('td', *content, **style))
    return cells


def _write(value: float, unit: str, digits: int) -> str:
    return '–' if math.isnan(value) else f'{value:.{digits}f} {unit}'.rstrip()
