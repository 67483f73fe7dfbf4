"""Draw what was measured: a bar for each configuration, grouped by network and size."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.benchmark.baseline import BASELINE
from sfnet_ros.benchmark.row import Row

Picture = NDArray[np.uint8]
Color = tuple[int, int, int]

_PAPER: Color = (255, 255, 255)
_INK: Color = (40, 40, 40)
_FAINT: Color = (140, 140, 140)
_GRID: Color = (228, 228, 228)
_NETWORK: Color = (31, 119, 180)
_AROUND: Color = (158, 202, 225)
_NETWORK_OF_BASELINE: Color = (120, 120, 120)
_AROUND_OF_BASELINE: Color = (200, 200, 200)

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_MARGIN_PX, _BAR_PX, _ROW_PX, _HEAD_PX, _GAP_PX = 24, 18, 28, 34, 14
_BARS_PX = 520


def draw_chart(rows: Sequence[Row]) -> Picture:
    """Draw the time of a frame in every configuration, in a block of its own scale for each network and size.

    Args:
        rows: At least one.

    Returns:
        RGB, ``(H, W, 3)``.
    """
    blocks: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        blocks.setdefault((row.model, row.size), []).append(row)
    names_px = max(_text_width(_name(row)) for row in rows) + 12
    values_px = max(_text_width(_values(row)) for row in rows) + 10
    width = 2 * _MARGIN_PX + names_px + _BARS_PX + values_px
    height = 2 * _MARGIN_PX + 2 * _HEAD_PX + sum(_block_height(block) for block in blocks.values())
    chart: Picture = np.full((height, width, 3), _PAPER, np.uint8)
    _draw_head(chart)
    top = _MARGIN_PX + 2 * _HEAD_PX
    for (model, size), block in blocks.items():
        _write(chart, f'{model} at {size}', _MARGIN_PX, top + 16, scale=0.55)
        _draw_block(chart, block, left=_MARGIN_PX + names_px, top=top + _HEAD_PX)
        top += _block_height(block)
    return chart


def _block_height(block: Sequence[Row]) -> int:
    return _HEAD_PX + _ROW_PX * len(block) + _HEAD_PX + _GAP_PX


def _draw_head(chart: Picture) -> None:
    _write(
        chart,
        'Median time of one frame, from host memory to its label map there',
        _MARGIN_PX,
        _MARGIN_PX + 14,
        scale=0.65,
    )
    left, middle = _MARGIN_PX, _MARGIN_PX + 14 + _HEAD_PX
    for color, text in ((_NETWORK, 'network alone'), (_AROUND, 'before and after it')):
        _fill(chart, left, middle - 12, left + 22, middle + 2, color)
        left = _write(chart, text, left + 30, middle) + 24


def _draw_block(chart: Picture, block: Sequence[Row], left: int, top: int) -> None:
    """Draw the bars of one scale, which ends where the slowest one does."""
    longest_ms = max(row.p50_ms for row in block)
    step_ms = _nice_step(longest_ms)
    bottom = top + _ROW_PX * len(block)
    for mark in range(int(longest_ms / step_ms) + 1):
        x = left + round(_BARS_PX * mark * step_ms / longest_ms)
        cv2.line(chart, (x, top - 4), (x, bottom + 2), _GRID, 1)
        text = f'{mark * step_ms:g} ms'
        _write(chart, text, x - _text_width(text, 0.4) // 2, bottom + 18, scale=0.4, color=_FAINT)
    for index, row in enumerate(block):
        _draw_bar(chart, row, left, top + index * _ROW_PX, _BARS_PX / longest_ms)


def _draw_bar(chart: Picture, row: Row, left: int, top: int, px_per_ms: float) -> None:
    network, around = (_NETWORK, _AROUND)
    if row.backend == BASELINE:
        network, around = (_NETWORK_OF_BASELINE, _AROUND_OF_BASELINE)
    end, network_end = (left + round(px_per_ms * time_ms) for time_ms in (row.p50_ms, min(row.model_ms, row.p50_ms)))
    name = _name(row)
    _write(chart, name, left - 10 - _text_width(name), top + _BAR_PX - 4)
    _fill(chart, left, top, end, top + _BAR_PX, around)
    _fill(chart, left, top, network_end, top + _BAR_PX, network)
    _write(chart, _values(row), end + 10, top + _BAR_PX - 4)


def _nice_step(longest_ms: float) -> float:
    """Give 1, 2 or 5 times a power of ten, of which 4 to 10 fit into the longest time."""
    power = 10.0 ** np.floor(np.log10(longest_ms / 4))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest_ms / 4))


def _values(row: Row) -> str:
    speedup = '' if row.speedup is None else f', {row.speedup:.2f}x'
    return f'{row.p50_ms:.1f} ms (p95 {row.p95_ms:.1f}), {row.fps:.1f} FPS{speedup}'


def _name(row: Row) -> str:
    return BASELINE if row.backend == BASELINE else f'{row.backend} {row.precision}'


def _fill(chart: Picture, left: int, top: int, right: int, bottom: int, color: Color) -> None:
    chart[top:bottom, left:right] = color


def _write(chart: Picture, text: str, left: int, bottom: int, scale: float = 0.48, color: Color = _INK) -> int:
    """Write a line of text and give where it ends."""
    cv2.putText(chart, text, (left, bottom), _FONT, scale, color, 1, cv2.LINE_AA)
    return left + _text_width(text, scale)


def _text_width(text: str, scale: float = 0.48) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    return width
