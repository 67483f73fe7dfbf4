from __future__ import annotations

import numpy as np

from sfnet_ros.benchmark.chart import Color, Picture, draw_chart
from sfnet_ros.benchmark.row import Row

_BLUE, _LIGHT_BLUE, _GREY, _LIGHT_GREY = (31, 119, 180), (158, 202, 225), (120, 120, 120), (200, 200, 200)


def _row(backend: str, p50_ms: float, model_ms: float, size: str = '96x128') -> Row:
    return Row(
        model='small',
        backend=backend,
        device='cpu',
        precision='float32',
        size=size,
        p50_ms=p50_ms,
        p95_ms=2 * p50_ms,
        model_ms=model_ms,
        fps=1e3 / p50_ms,
        gmacs=1.0,
        peak_percent=1.0,
        peak_gmacs=100.0,
        memory_mb=None,
        agreement=1.0,
        speedup=None,
        threads=2,
        repeats=3,
    )


def _bars_px(chart: Picture, color: Color) -> list[int]:
    """Give the widths of the bars of a colour, from top to bottom, without the legend's patch."""
    widths = (chart == color).all(axis=2).sum(axis=1)
    starts = np.flatnonzero((widths[1:] > 0) & (widths[:-1] == 0)) + 1
    return [int(widths[start]) for start in starts if widths[start] > 22]


def test_bars_are_as_long_as_their_times() -> None:
    chart = draw_chart([_row('baseline', 100.0, 80.0), _row('torch', 50.0, 40.0)])
    assert _bars_px(chart, _GREY) == [416]
    assert _bars_px(chart, _LIGHT_GREY) == [104]
    assert _bars_px(chart, _BLUE) == [208]
    assert _bars_px(chart, _LIGHT_BLUE) == [52]


def test_every_network_and_size_has_a_scale_of_its_own() -> None:
    small, large = _row('torch', 1.0, 1.0), _row('torch', 1000.0, 500.0, size='1024x2048')
    chart = draw_chart([small, large])
    assert _bars_px(chart, _BLUE) == [520, 260]
    assert chart.shape[0] > draw_chart([small]).shape[0]
