"""A graph of any size, made one of a single size: nothing is left in it that computes with sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sfnet_ros.runtime.export.onnx import quiet
from sfnet_ros.runtime.optional import require

LIBRARIES = ('onnx', 'onnxscript')

# In elements: more than any table of sizes or pooling weights has, less than a map.
_LARGEST_CONSTANT = 2**20


def fix_size(graph: Path, shape: tuple[int, int, int]) -> bytes:
    """Specialise a graph of `export_grid`.

    Args:
        graph: The file, which stays as it is.
        shape: Pictures at once, their height and their width in px.

    Returns:
        The ONNX model, as a file would hold it.

    Raises:
        ValueError: A library that this needs is not installed.
    """
    require(LIBRARIES, 'a graph of one size', 'onnx')
    import onnx
    from onnxscript import ir, optimizer

    model = onnx.load(graph)
    (pixels,) = model.graph.input
    _set_dimensions(pixels, (*shape, 3))
    for output in model.graph.output:
        _set_dimensions(output, ())
    del model.graph.value_info[:]
    fixed = ir.from_proto(onnx.shape_inference.infer_shapes(model, data_prop=True))
    with quiet():
        optimizer.optimize(fixed, input_size_limit=_LARGEST_CONSTANT, output_size_limit=_LARGEST_CONSTANT)
    return bytes(ir.to_proto(fixed).SerializeToString())


def _set_dimensions(value: Any, sizes: tuple[int, ...]) -> None:
    """Give a tensor's description these sizes; none leaves them to be inferred."""
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    for size in sizes:
        shape.dim.add(dim_value=size)
    if not sizes:
        value.type.tensor_type.ClearField('shape')
