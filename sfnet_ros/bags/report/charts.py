"""The charts of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.report.plot import Plot, percent, run_color, upper_end
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.scores import FrameScore
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pages import Markup, css_color, shape

# More than these no screen shows.
_POINTS = 400
_LATENCY_BINS = 40
_SQUARE = (340, 320)
_CELL_PX = 34


def reliability(runs: Sequence[Run]) -> Markup:
    """Draw how often the labels of each confidence are right; on the diagonal a confidence is to be believed."""
    plot = Plot('accuracy by confidence', (0, 1), (0, 1), 'confidence', percent, percent, _SQUARE)
    plot.line([(0, 0), (1, 1)], '#999', dashed=True)
    for index, run in enumerate(runs):
        parts = [part for part in run.scores.calibration.reliability() if part.pixels]
        plot.line([(part.confidence, part.accuracy) for part in parts], run_color(index))
        for part in parts:
            title = f'{part.pixels} pixels: {part.confidence:.1%} confident, {part.accuracy:.1%} right'
            plot.dot(part.confidence, part.accuracy, run_color(index), title)
    return plot.render()


def confidences(runs: Sequence[Run]) -> Markup:
    """Draw how many pixels have which confidence."""
    shares = [_in_bins(run.scores.calibration.histogram) for run in runs]
    top = upper_end([share for row in shares for share in row])
    plot = Plot('pixels by confidence', (0, 1), (0, top), 'confidence', percent, percent, _SQUARE)
    for index, row in enumerate(shares):
        _bars(plot, np.linspace(0, 1, len(row) + 1), row, index, len(runs), percent)
    return plot.render()


def latencies(runs: Sequence[Run]) -> Markup:
    """Draw how many frames took how long."""
    times = [np.array([frame.latency_ms for frame in run.scores.frames]) for run in runs]
    times = [row[np.isfinite(row)] for row in times]
    together = np.concatenate(times)
    # A single frame that took ten times as long would leave all others in one bar; it goes to the last.
    highest = upper_end([float(np.percentile(together, 99.5))]) if len(together) else 1.0
    edges = np.linspace(0, highest, _LATENCY_BINS + 1)
    counts = [np.histogram(np.minimum(row, highest), edges)[0] for row in times]
    plot = Plot(
        'frames by latency', (0, highest), (0, upper_end(np.concatenate(counts).tolist())), 'ms', size=(680, 240)
    )
    for index, row in enumerate(counts):
        _bars(plot, edges, row, index, len(runs), lambda value: f'{value:g} frames')
    return plot.render()


def over_time(
    runs: Sequence[Run], label: str, value_of: Callable[[FrameScore], float], y_format: Callable[[float], str] = percent
) -> Markup:
    """Draw a score of each frame, one run over the other; of long recordings the means of stretches."""
    rows = [_means(np.array([value_of(frame) for frame in run.scores.frames])) for run in runs]
    length = max(len(run.scores.frames) for run in runs)
    top = upper_end([value for row in rows for value in row])
    plot = Plot(f'{label} by frame', (0, max(1, length - 1)), (0, top), 'frame', y_format)
    for index, (run, row) in enumerate(zip(runs, rows, strict=True)):
        places = np.linspace(0, max(0, len(run.scores.frames) - 1), len(row))
        plot.line(zip(places, row, strict=True), run_color(index))
    return plot.render()


def class_shares(run: Run) -> Markup:
    """Draw which part of the picture each class takes, one on top of the other."""
    pixels = np.array([frame.pixels for frame in run.scores.frames], float)
    shares = pixels / np.maximum(1, pixels.sum(axis=1, keepdims=True))
    columns = np.stack([_means(column) for column in shares.T], axis=1)
    tops = np.cumsum(columns, axis=1)
    places = np.linspace(0, max(1, len(pixels) - 1), len(columns))
    plot = Plot('shares of classes by frame', (0, max(1, len(pixels) - 1)), (0, 1), 'frame', percent, size=(680, 280))
    for class_id, item in enumerate(run.label_space.classes):
        top, bottom = tops[:, class_id], tops[:, class_id] - columns[:, class_id]
        around = [*zip(places, top, strict=True), *zip(places[::-1], bottom[::-1], strict=True)]
        plot.area(around, css_color(item.color), f'{item.name}: {shares[:, class_id].mean():.1%}')
    return plot.render()


def confusion(matrix: NDArray[np.int64], label_space: LabelSpace) -> Markup:
    """Draw which true class (rows) is taken for which (columns), in percent of the row."""
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    names, count = label_space.names, label_space.num_classes
    left = top = 12 + 7.5 * max(map(len, names))
    cells: list[Markup] = []
    for row, column in np.ndindex(count, count):
        share, x, y = float(shares[row, column]), left + column * _CELL_PX, top + row * _CELL_PX
        title = f'{names[row]} taken for {names[column]}: {share:.1%}'
        color = _heat(share, is_right=row == column)
        cells.append(
            shape('rect', shape('title', title), x=x, y=y, width=_CELL_PX - 1, height=_CELL_PX - 1, fill=color)
        )
        if share >= 0.005:
            ink = 'light' if share > 0.55 else 'dark'
            middle, baseline = x + _CELL_PX / 2, y + _CELL_PX / 2 + 4
            number = f'{100 * share:.0f}'
            cells.append(shape('text', number, x=middle, y=baseline, text_anchor='middle', class_=ink))
    for index, name in enumerate(names):
        middle = index * _CELL_PX + _CELL_PX / 2 + 4
        cells.append(shape('text', name, x=left - 6, y=top + middle, text_anchor='end'))
        turned = f'translate({left + middle} {top - 6}) rotate(-90)'
        cells.append(shape('text', name, transform=turned))
    side = left + count * _CELL_PX
    box = f'0 0 {side} {top + count * _CELL_PX}'
    return shape('svg', *cells, viewBox=box, role='img', aria_label='confusion matrix', style=f'max-width:{side}px')


def _bars(
    plot: Plot,
    edges: NDArray[np.float64],
    values: Sequence[float] | NDArray[np.int64],
    index: int,
    count: int,
    write: Callable[[float], str],
) -> None:
    """Draw a histogram, beside those of other runs."""
    for left, right, value in zip(edges, edges[1:], values, strict=False):
        width = (right - left) / count
        start = left + index * width
        plot.bar(
            (start, start + 0.92 * width), float(value), run_color(index), f'{left:.3g} to {right:.3g}: {write(value)}'
        )


def _in_bins(histogram: NDArray[np.int64], bins: int = 16) -> list[float]:
    return [float(value) for value in histogram.reshape(bins, -1).sum(axis=1) / max(1, histogram.sum())]


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make of many values the means of stretches, leaving out NaN; a stretch of nothing else stays one."""
    if len(values) <= _POINTS:
        return values
    parts = np.array_split(values, _POINTS)
    return np.array([part[np.isfinite(part)].mean() if np.isfinite(part).any() else np.nan for part in parts])


def _heat(share: float, is_right: bool) -> str:
    full = (0, 114, 178) if is_right else (213, 94, 0)
    # Small shares are to be seen too.
    weight = share**0.5
    red, green, blue = (round(245 + weight * (part - 245)) for part in full)
    return css_color((red, green, blue))
