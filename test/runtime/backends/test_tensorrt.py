"""TensorRT as a backend: what it refuses without a GPU, and how it runs with one. What all backends do is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sfnet_ros.cli.frames import find_sample_clip, read_frames
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, load_model
from sfnet_ros.runtime.backends.tensorrt import TensorRTBackend, engine_key
from sfnet_ros.runtime.backends.torch import TorchBackend
from sfnet_ros.runtime.export.engine_store import EngineStore
from sfnet_ros.runtime.export.graphs import grid_graph
from sfnet_ros.share import DEFAULT_MODEL

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)

SHAPE = (2, 192, 256)


@pytest.mark.parametrize(
    ('device', 'sentence'),
    [
        ('cpu', 'backend tensorrt on CUDA does not run on the cpu; use device cuda'),
        ('cuda:99', "device 'cuda:99' was asked for, but torch sees"),
    ],
)
def test_without_a_gpu_it_says_so(device: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=sentence):
        TensorRTBackend(tmp_path / 'graph.onnx', device, 'float16', 1.0)


@pytest.fixture(scope='module')
def deploy_model() -> DeployModel:
    pytest.importorskip('tensorrt')
    model, manifest = load_model(DEFAULT_MODEL)
    return DeployModel(model, PixelNormalizer(manifest.mean, manifest.std))


@pytest.fixture(scope='module')
def store(tmp_path_factory: pytest.TempPathFactory) -> EngineStore:
    return EngineStore(tmp_path_factory.mktemp('engines'))


@pytest.fixture(scope='module')
def pictures() -> NDArray[np.uint8]:
    frames = read_frames(find_sample_clip(), 2)
    return np.stack([cv2.resize(frame, SHAPE[:0:-1], interpolation=cv2.INTER_AREA) for frame in frames])


@pytest.mark.gpu
@pytest.mark.timeout(600)
@pytest.mark.parametrize('precision', ['float16', 'float32'])
def test_engines_give_the_labels_of_torch(
    precision: str, deploy_model: DeployModel, store: EngineStore, pictures: NDArray[np.uint8]
) -> None:
    graph = grid_graph(deploy_model, half=precision == 'float16')
    backend = TensorRTBackend(graph, 'cuda', precision, 1.0, store)
    results = [backend.infer(pictures, (200, 260)) for _ in range(4)]
    model, manifest = load_model(DEFAULT_MODEL)
    reference = TorchBackend(DeployModel(model, PixelNormalizer(manifest.mean, manifest.std)))
    expected, expected_confidences = reference.infer(pictures, (200, 260))
    for label_maps, confidences in results:
        assert np.mean(label_maps == expected) >= (0.999 if precision == 'float32' else 0.995)
        assert np.abs(confidences.astype(int) - expected_confidences).mean() < 1
    details = backend.infer_details(pictures, (200, 260))
    assert np.mean(details.label_maps == results[-1][0]) >= 0.9999


@pytest.mark.gpu
@pytest.mark.timeout(600)
def test_a_stored_engine_is_loaded_and_a_broken_one_built_again(
    deploy_model: DeployModel, store: EngineStore, pictures: NDArray[np.uint8]
) -> None:
    graph = grid_graph(deploy_model, half=True)
    first = TensorRTBackend(graph, 'cuda', 'float16', 1.0, store)
    label_maps, _ = first.infer(pictures, (192, 256))
    key = engine_key(graph, 'cuda', 'float16', SHAPE)
    engine = store.load(key)
    assert engine is not None
    second = TensorRTBackend(graph, 'cuda', 'float16', 1.0, store)
    assert np.array_equal(second.infer(pictures, (192, 256))[0], label_maps)
    assert store.load(key) == engine
    store.save(key, engine[: len(engine) // 2])
    third = TensorRTBackend(graph, 'cuda', 'float16', 1.0, store)
    assert np.mean(third.infer(pictures, (192, 256))[0] == label_maps) >= 0.995
    assert len(store.load(key) or b'') > len(engine) // 2
    assert store.load(replace(key, tensorrt='0.0')) is None
    assert store.holds_any(engine_key(graph, 'cuda', 'float16'))
    assert third.engine_file(SHAPE).is_file()
    third.forget(SHAPE)
    assert not third.engine_file(SHAPE).is_file()


@pytest.mark.gpu
@pytest.mark.timeout(600)
def test_two_engines_run_at_once(deploy_model: DeployModel, store: EngineStore, pictures: NDArray[np.uint8]) -> None:
    graph = grid_graph(deploy_model, half=True)
    one, other = (TensorRTBackend(graph, 'cuda', 'float16', 1.0, store) for _ in range(2))
    expected, _ = one.infer(pictures, (192, 256))
    for _ in range(3):
        assert np.array_equal(one.infer(pictures, (192, 256))[0], expected)
        assert np.array_equal(other.infer(pictures, (192, 256))[0], expected)
    one.close()
    assert np.array_equal(other.infer(pictures, (192, 256))[0], expected)
