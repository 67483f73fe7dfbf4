"""Adaptive average pooling in ONNX, which has no operator for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def pooling_translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Give the exporter our translation: a product with two small matrices, exact at any size.

    torch's own holds the size at which it was traced, and needs it to divide by the bins where it is not.
    """
    return {torch.ops.aten.adaptive_avg_pool2d.default: _pool, torch.ops.aten._adaptive_avg_pool2d.default: _pool}


def _pool(self: Any, output_size: Any) -> Any:
    op = _operators()
    rows, columns = (_averages(op.Shape(self, start=axis, end=axis + 1), output_size[axis - 2]) for axis in (2, 3))
    rows, columns = (op.CastLike(averages, self) for averages in (rows, columns))
    return op.MatMul(op.MatMul(rows, self), op.Transpose(columns, perm=[1, 0]))


def _operators() -> Any:
    from onnxscript import opset18

    return opset18


def _averages(size: Any, bins: int) -> Any:
    """Write the matrix ``(bins, size)`` whose row i averages from floor(i size / bins) to ceil((i + 1) size / bins)."""
    op = _operators()
    count = op.Constant(value_ints=[bins])
    before = op.Unsqueeze(op.Constant(value_ints=list(range(bins))), op.Constant(value_ints=[1]))
    first = op.Div(op.Mul(before, size), count)
    after = op.Add(op.Mul(op.Add(before, op.Constant(value_ints=[1])), size), op.Constant(value_ints=[bins - 1]))
    end = op.Div(after, count)
    position = op.Range(op.Constant(value_int=0), op.Squeeze(size), op.Constant(value_int=1))
    inside = op.And(op.GreaterOrEqual(position, first), op.Less(position, end))
    return op.Div(op.Cast(inside, to=1), op.Cast(op.Sub(end, first), to=1))
