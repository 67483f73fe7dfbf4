"""The axes that charts are drawn on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sfnet_ros.pages import Markup, join, shape

# Okabe and Ito's, which people tell apart who do not tell all colours apart.
RUN_COLORS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9')

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 10, 40
_TICKS = 5


def run_color(index: int) -> str:
    """Give the colour of a run."""
    return RUN_COLORS[index % len(RUN_COLORS)]


def percent(value: float) -> str:
    """Write a share."""
    return f'{100 * value:g} %'


@dataclass
class Plot:
    """Draw on axes; `render` gives the whole of it as SVG.

    Args:
        label: What it shows, for who cannot see it.
        x_range: First and last value.
        y_range: Likewise.
        x_title: Below the axis.
        y_format: Writes a tick.
        size: Width and height in px.
    """

    label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_title: str
    y_format: Callable[[float], str] = '{:g}'.format
    x_format: Callable[[float], str] = '{:g}'.format
    size: tuple[int, int] = (680, 240)
    _drawn: list[Markup] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Give the place of a value."""
        return _LEFT + (self.size[0] - _LEFT - _RIGHT) * _share(value, self.x_range)

    def y(self, value: float) -> float:
        """Give the place of a value."""
        return self.size[1] - _BOTTOM - (self.size[1] - _TOP - _BOTTOM) * _share(value, self.y_range)

    def line(self, points: Iterable[tuple[float, float]], color: str, dashed: bool = False) -> None:
        """Draw a line, which has a gap where a value is NaN."""
        path, pen = [], 'M'
        for x, y in points:
            if math.isnan(y):
                pen = 'M'
                continue
            path.append(f'{pen}{self.x(x):.1f} {self.y(y):.1f}')
            pen = 'L'
        dashes = {'stroke_dasharray': '5 4'} if dashed else {}
        self._drawn.append(shape('path', d=''.join(path), fill='none', stroke=color, stroke_width=1.6, **dashes))

    def area(self, points: Iterable[tuple[float, float]], color: str, title: str) -> None:
        """Fill what points go around."""
        path = 'L'.join(f'{self.x(x):.1f} {self.y(y):.1f}' for x, y in points)
        self._drawn.append(shape('path', shape('title', title), d=f'M{path}Z', fill=color))

    def bar(self, x_range: tuple[float, float], value: float, color: str, title: str) -> None:
        """Draw a bar from the bottom up to a value."""
        left, right, top, bottom = self.x(x_range[0]), self.x(x_range[1]), self.y(value), self.y(self.y_range[0])
        self._drawn.append(
            shape(
                'rect',
                shape('title', title),
                x=left,
                y=top,
                width=max(0.0, right - left),
                height=max(0.0, bottom - top),
                fill=color,
                fill_opacity=0.55,
            )
        )

    def dot(self, x: float, y: float, color: str, title: str) -> None:
        """Draw a point."""
        self._drawn.append(shape('circle', shape('title', title), cx=self.x(x), cy=self.y(y), r=3.5, fill=color))

    def render(self) -> Markup:
        """Give the SVG: grid, what was drawn, axes."""
        width, height = self.size
        below = height - _BOTTOM
        grid = [
            shape('line', x1=_LEFT, x2=width - _RIGHT, y1=self.y(tick), y2=self.y(tick), class_='grid')
            for tick in ticks(*self.y_range)
        ]
        y_labels = [
            shape('text', self.y_format(tick), x=_LEFT - 6, y=self.y(tick) + 4, text_anchor='end')
            for tick in ticks(*self.y_range)
        ]
        x_labels = [
            shape('text', self.x_format(tick), x=self.x(tick), y=below + 16, text_anchor='middle')
            for tick in ticks(*self.x_range)
        ]
        axis = shape('line', x1=_LEFT, x2=width - _RIGHT, y1=below, y2=below, class_='axis')
        title = shape('text', self.x_title, x=(width + _LEFT) / 2, y=height - 6, text_anchor='middle')
        content = join(*grid, *self._drawn, axis, *x_labels, *y_labels, title)
        return shape('svg', content, viewBox=f'0 0 {width} {height}', role='img', aria_label=self.label)


def ticks(lowest: float, highest: float) -> list[float]:
    """Choose about five round values in a range."""
    span = highest - lowest
    if not span > 0:
        return [lowest]
    raw = span / _TICKS
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= raw)
    first = math.ceil(lowest / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(highest / step + 1e-9) + 1)]


def upper_end(values: Sequence[float]) -> float:
    """Give the end of an axis that starts at 0 and holds all values."""
    return max((value for value in values if math.isfinite(value)), default=0.0) * 1.05 or 1.0


def _share(value: float, within: tuple[float, float]) -> float:
    lowest, highest = within
    return (value - lowest) / (highest - lowest) if highest > lowest else 0.0
