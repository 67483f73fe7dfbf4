"""An int8 graph computes in int8 where that is meant, and gives nearly the logits of float32."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from sfnet_ros.cli.frames import find_sample_clip, read_frames
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, load_model
from sfnet_ros.runtime.export.graphs import grid_graph
from sfnet_ros.runtime.export.quantize import quantize
from sfnet_ros.share import DEFAULT_MODEL

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)

_CALIBRATED_ON = 4


@dataclass(frozen=True)
class _Graphs:
    """A graph in float32, what was made of it, and the frames: the first ones it was calibrated on."""

    float32: Path
    int8: Path
    frames: list[NDArray[np.uint8]]


@pytest.fixture(scope='module')
def graphs(tmp_path_factory: pytest.TempPathFactory) -> _Graphs:
    model, manifest = load_model(DEFAULT_MODEL)
    float32 = grid_graph(DeployModel(model, PixelNormalizer(manifest.mean, manifest.std)))
    int8 = tmp_path_factory.mktemp('graphs') / 'int8.onnx'
    frames = read_frames(find_sample_clip(), _CALIBRATED_ON + 2)
    quantize(float32, frames[:_CALIBRATED_ON], int8)
    return _Graphs(float32, int8, frames)


def _producers(model: Any) -> dict[str, Any]:
    return {output: node for node in model.graph.node for output in node.output}


def _weights(conv: Any, producers: dict[str, Any]) -> str:
    """Name the parameter that a convolution's weights come from, before or behind a DequantizeLinear."""
    source = producers.get(conv.input[1])
    return str(source.input[0] if source else conv.input[1])


def _run(path: Path, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    logits, flow = session.run(['logits', 'flow'], {'pixels': pixels})
    return logits, flow


def test_convolutions_are_int8_but_for_those_at_the_ends(graphs: _Graphs) -> None:
    model = onnx.load(graphs.int8)
    producers, parameters = _producers(model), {parameter.name: parameter for parameter in model.graph.initializer}
    exact, count = set(), 0
    for conv in (node for node in model.graph.node if node.op_type == 'Conv'):
        weights = parameters[_weights(conv, producers)]
        if weights.data_type == TensorProto.FLOAT:
            exact.add(weights.name.rpartition('.model.')[2])
            continue
        count += 1
        values = onnx.numpy_helper.to_array(weights)
        assert values.dtype == np.int8
        assert np.abs(values).max() <= 64  # 7 bits
        assert producers[conv.input[1]].op_type == producers[conv.input[0]].op_type == 'DequantizeLinear'
        scales = parameters[producers[conv.input[1]].input[1]]
        assert list(scales.dims) == [len(values)]
    flows = {f'decoder.alignments.{level}.flow.weight' for level in range(3)}
    pooled = {f'context.branches.{level}.0.weight' for level in range(4)}
    assert exact == {'backbone.stem.0.weight', *pooled, *flows, 'classifier.predict.weight'}
    assert count == 39


def test_sampling_grids_stay_float32_from_the_flow_on(graphs: _Graphs) -> None:
    model = onnx.shape_inference.infer_shapes(onnx.load(graphs.int8))
    producers = _producers(model)
    kinds = {value.name: value.type.tensor_type.elem_type for value in model.graph.value_info}
    samplers = [node for node in model.graph.node if node.op_type == 'GridSample']
    assert len(samplers) == 3
    for sampler in samplers:
        assert [kinds[tensor] for tensor in sampler.input] == [TensorProto.FLOAT] * 2
        passed = [node.op_type for node in _upstream(sampler.input[1], producers)]
        assert passed.count('Conv') == 1
        assert not any('Quantize' in operator or 'Dequantize' in operator for operator in passed)


def _upstream(tensor: str, producers: dict[str, Any]) -> Iterator[Any]:
    """Walk up to convolutions, and to what only asks for a size."""
    waiting, seen = [tensor], set[str]()
    while waiting:
        node = producers.get(waiting.pop())
        if node is None or node.output[0] in seen:
            continue
        seen.add(node.output[0])
        yield node
        if node.op_type not in ('Conv', 'Shape'):
            waiting += node.input


@pytest.mark.parametrize('size_hw', [(360, 480), (192, 256)])
def test_frames_that_it_was_not_calibrated_on_give_nearly_the_same(graphs: _Graphs, size_hw: tuple[int, int]) -> None:
    frames = graphs.frames[_CALIBRATED_ON:]
    pixels = np.stack([cv2.resize(frame, size_hw[::-1], interpolation=cv2.INTER_AREA) for frame in frames])
    (expected, expected_flow), (logits, flow) = _run(graphs.float32, pixels), _run(graphs.int8, pixels)
    assert np.abs(expected_flow).max() > 0.1
    assert _error(flow, expected_flow) < 0.05
    assert _error(logits, expected) < 0.05
    assert np.mean(logits.argmax(axis=1) == expected.argmax(axis=1)) > 0.99


def _error(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Give the mean error as a share of what the values spread over."""
    return float(np.abs(found - expected).mean() / expected.std())


def test_one_int8_graph_serves_any_batch_and_size(graphs: _Graphs) -> None:
    pixels = np.stack(graphs.frames[:3])[:, :65, :97]
    (expected, _), (logits, _) = _run(graphs.float32, pixels), _run(graphs.int8, pixels)
    assert logits.shape == expected.shape == (3, 11, 9, 13)
    assert _error(logits, expected) < 0.05


def test_the_same_frames_give_the_same_graph_and_no_talk(
    graphs: _Graphs, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handlers = list(logging.getLogger().handlers)
    quantize(graphs.float32, iter(graphs.frames[:_CALIBRATED_ON]), tmp_path / 'again.onnx')
    assert (tmp_path / 'again.onnx').read_bytes() == graphs.int8.read_bytes()
    assert not caplog.records
    assert capfd.readouterr() == ('', '')
    assert logging.getLogger().handlers == handlers


@pytest.mark.parametrize(
    ('frames', 'sentence'),
    [
        ([], 'there is no frame to calibrate int8 on'),
        ([np.zeros((64, 64, 3), np.float32)], r'a frame is float32 of shape \(64, 64, 3\); uint8 of \(H, W, 3\)'),
        ([np.zeros((64, 64), np.uint8)], r'a frame is uint8 of shape \(64, 64\)'),
    ],
)
def test_wrong_frames_are_refused_and_leave_no_file(
    graphs: _Graphs, tmp_path: Path, frames: list[NDArray[Any]], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        quantize(graphs.float32, frames, tmp_path / 'int8.onnx')
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_float32_graph_is_refused(graphs: _Graphs, tmp_path: Path) -> None:
    (tmp_path / 'text.onnx').write_text('no graph')
    with pytest.raises(ValueError, match=r'text\.onnx cannot be read'):
        quantize(tmp_path / 'text.onnx', graphs.frames, tmp_path / 'int8.onnx')
    with pytest.raises(ValueError, match=r'absent\.onnx cannot be read'):
        quantize(tmp_path / 'absent.onnx', graphs.frames, tmp_path / 'int8.onnx')
    with pytest.raises(ValueError, match=r'int8\.onnx has no logits or no float32'):
        quantize(graphs.int8, graphs.frames, tmp_path / 'int8.onnx')
    half = onnx.load(graphs.float32)
    half.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(1, np.float16), 'weights'))
    onnx.save(half, tmp_path / 'half.onnx')
    with pytest.raises(ValueError, match=r'half\.onnx has no logits or no float32'):
        quantize(tmp_path / 'half.onnx', graphs.frames, tmp_path / 'int8.onnx')
    assert not (tmp_path / 'int8.onnx').exists()


def test_a_missing_library_is_named(graphs: _Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ValueError, match='int8 needs onnxruntime, not installed here: pip install'):
        quantize(graphs.float32, graphs.frames, tmp_path / 'int8.onnx')
