"""Graphs whose convolutions compute in int8."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.runtime.export.whole import whole_file
from sfnet_ros.runtime.optional import require

LIBRARIES = ('onnx', 'onnxruntime')

# Of what stands in the graph, see `int8_nodes`.
_INT8_OPERATORS = ('Conv', 'Relu', 'Add')


def quantize(graph: Path, frames: Iterable[NDArray[np.uint8]], path: Path) -> None:
    """Write a graph whose convolutions compute in int8, from one in float32.

    Every tensor's range is that of its smallest and largest value over all frames, so the same frames give the same
    graph. Activations are uint8, weights int8 with a scale for each output channel. Q/DQ nodes say where, as ONNX
    defines them, and any runtime that knows these reads it.

    Args:
        graph: Of `export_grid`.
        frames: To calibrate on, ``(H, W, 3)`` RGB each, as the network sees them: its size, and pictures like those
            that it was trained on. They are asked for one by one, and none is kept.
        path: Where to, see `whole_file`; what is there is replaced when the graph is whole.

    Raises:
        ValueError: A library that this needs is not installed, the file holds no such graph, or there is no frame or
            a wrong one.
    """
    require(LIBRARIES, 'int8', 'onnxruntime')
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    model = _load(graph)
    with whole_file(path) as temporary, _quiet():
        quantize_static(
            model,
            temporary,
            _Reader(frames),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_INT8_OPERATORS),
            nodes_to_quantize=int8_nodes(model),
            per_channel=True,
            # CPUs without VNNI add two products in 16 bits: of 7-bit weights they do it exactly, of 8-bit ones they cut
            # the sum off. So every CPU gives the same labels.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )


def int8_nodes(model: Any) -> list[str]:
    """Name the nodes that compute in int8.

    They are the convolutions from features to features, and the sums and ReLUs behind them. In float32 stay those that
    cost little and are worth much: the one that sees the pixels, those on pooled averages, those that move the samples,
    and those that give what comes out. So sampling grids and flow, which are no convolutions, are float32 from the last
    convolution on.

    Args:
        model: The ``onnx.ModelProto``.
    """
    producers = {output: node for node in model.graph.node for output in node.output}
    grids = [node.input[1] for node in model.graph.node if node.op_type == 'GridSample']
    outputs = [output.name for output in model.graph.output]
    exact = {conv for tensor in (*grids, *outputs) for conv in _convolutions_behind(tensor, producers)}
    names: list[str] = []
    for node in model.graph.node:
        sources = [producers[tensor] for tensor in node.input if tensor in producers]
        wanted = False
        if node.op_type == 'Conv' and node.name not in exact:
            averages = any(source.op_type == 'MatMul' for source in sources)
            wanted = not averages and bool(_convolutions_behind(node.input[0], producers))
        elif node.op_type == 'Add':
            wanted = any(source.name in names or source.op_type == 'GridSample' for source in sources)
        elif node.op_type == 'Relu':
            wanted = sources[0].name in names
        if wanted:
            names.append(node.name)
    return names


def _convolutions_behind(tensor: str, producers: dict[str, Any]) -> set[str]:
    """Name the convolutions whose values come to a tensor without passing through another one."""
    found, waiting, seen = set[str](), [tensor], {tensor}
    while waiting:
        node = producers.get(waiting.pop())
        if node is None or node.op_type == 'Shape':
            continue
        if node.op_type == 'Conv':
            found.add(node.name)
            continue
        waiting += [source for source in node.input if source not in seen]
        seen.update(node.input)
    return found


class _Reader:
    """Hand frames to the calibration, as it asks for them."""

    def __init__(self, frames: Iterable[NDArray[np.uint8]]) -> None:
        self._frames = iter(frames)
        self._given = 0

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        frame = next(self._frames, None)
        if frame is None:
            if not self._given:
                raise ValueError('there is no frame to calibrate int8 on; give some that are like those of the camera')
            return None
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(f'a frame is {frame.dtype} of shape {frame.shape}; uint8 of (H, W, 3) is accepted')
        self._given += 1
        return {'pixels': frame[None]}


def _load(graph: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(graph)
    except (OSError, DecodeError) as error:
        raise ValueError(f'graph {graph} cannot be read ({" ".join(str(error).split())}); export it again') from error
    names = {output.name for output in model.graph.output}
    operators = {node.op_type for node in model.graph.node}
    half = any(weights.data_type == onnx.TensorProto.FLOAT16 for weights in model.graph.initializer)
    if half or 'logits' not in names or 'GridSample' not in operators or 'QuantizeLinear' in operators:
        raise ValueError(
            f'graph {graph} has no logits or no float32 to make int8 of; accepted is one that export_grid wrote'
        )
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's talk of its own parts, on the root logger, from a person who cannot act on it."""
    root, silence = logging.getLogger(), logging.NullHandler()

    def nothing(_: logging.LogRecord) -> bool:
        return False

    root.addFilter(nothing)
    # Where there is none, logging would set one up for good.
    root.addHandler(silence)
    try:
        yield
    finally:
        root.removeHandler(silence)
        root.removeFilter(nothing)
