"""A graph of one size gives what the graph of any size gives, and computes no sizes any more."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, load_model
from sfnet_ros.runtime.export.fixed_size import fix_size
from sfnet_ros.runtime.export.graphs import grid_graph
from sfnet_ros.share import DEFAULT_MODEL

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)

SHAPE = (2, 187, 245)


@pytest.fixture(scope='module', params=[False, True], ids=['float32', 'float16'])
def graph(request: pytest.FixtureRequest) -> Path:
    model, manifest = load_model(DEFAULT_MODEL)
    return grid_graph(DeployModel(model, PixelNormalizer(manifest.mean, manifest.std)), half=request.param)


@pytest.fixture(scope='module')
def fixed(graph: Path) -> onnx.ModelProto:
    return onnx.load_from_string(fix_size(graph, SHAPE))


def test_it_gives_what_the_graph_of_any_size_gives(graph: Path, fixed: onnx.ModelProto) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), np.uint8).repeat(16, 1).repeat(16, 2)
    pixels = np.ascontiguousarray(pixels[:, :187, :245])
    expected = onnxruntime.InferenceSession(graph).run(['logits', 'flow'], {'pixels': pixels})
    given = onnxruntime.InferenceSession(fixed.SerializeToString()).run(['logits', 'flow'], {'pixels': pixels})
    for one, other in zip(given, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype == np.float32
        # Half a percent of the largest logit: in float16 runtimes fuse, and so round, differently.
        assert np.abs(one - other).max() < 5e-3 * np.abs(other).max()


def test_every_size_stands_in_it(fixed: onnx.ModelProto) -> None:
    onnx.checker.check_model(fixed, full_check=True)
    described = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*fixed.graph.input, *fixed.graph.output)
    }
    assert described == {'pixels': [*SHAPE, 3], 'logits': [2, 11, 24, 31], 'flow': [2, 2, 24, 31]}


def test_nothing_computes_sizes_any_more(fixed: onnx.ModelProto) -> None:
    operators = {node.op_type for node in fixed.graph.node}
    assert {'Conv', 'GridSample', 'Resize', 'MatMul'} <= operators
    assert operators.isdisjoint({'Shape', 'Range', 'Slice', 'Squeeze', 'Less', 'GreaterOrEqual', 'And', 'If', 'Loop'})


def test_bytes_become_floats_before_anything_else(fixed: onnx.ModelProto) -> None:
    (first,) = (node for node in fixed.graph.node if 'pixels' in node.input)
    assert first.op_type == 'Cast'


def test_sampling_stays_in_float32(fixed: onnx.ModelProto) -> None:
    inferred = onnx.shape_inference.infer_shapes(fixed)
    types = {value.name: value.type.tensor_type.elem_type for value in inferred.graph.value_info}
    samples = [node for node in fixed.graph.node if node.op_type == 'GridSample']
    assert len(samples) == 3
    assert {types[tensor] for node in samples for tensor in node.input} == {onnx.TensorProto.FLOAT}


def test_convolutions_are_of_the_graphs_type(graph: Path, fixed: onnx.ModelProto) -> None:
    types = {initializer.name: initializer.data_type for initializer in fixed.graph.initializer}
    weights = {types[node.input[1]] for node in fixed.graph.node if node.op_type == 'Conv'}
    assert weights == {onnx.TensorProto.FLOAT16 if '.half' in graph.name else onnx.TensorProto.FLOAT}


def test_the_graph_of_any_size_stays_as_it_is_and_gives_the_same_again(graph: Path) -> None:
    before = hashlib.sha256(graph.read_bytes()).digest()
    assert fix_size(graph, (1, 64, 96)) == fix_size(graph, (1, 64, 96))
    assert hashlib.sha256(graph.read_bytes()).digest() == before
