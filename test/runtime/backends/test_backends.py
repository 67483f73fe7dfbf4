"""One contract for all backends, and the rule that chooses among them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from sfnet_ros.cli.frames import find_sample_clip, read_frames
from sfnet_ros.network import SFNetConfig
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.network.precision import is_native
from sfnet_ros.runtime import DeployModel, ModelManifest, load_model
from sfnet_ros.runtime.backends import Backend, Choice, choose, create_backend, why_not
from sfnet_ros.runtime.backends.onnxruntime import OnnxRuntimeBackend
from sfnet_ros.runtime.backends.torch import TorchBackend
from sfnet_ros.share import DEFAULT_MODEL

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)

_EVERYWHERE = [
    Choice('torch', 'cpu', 'float32'),
    Choice('torch', 'cpu', 'bfloat16'),
    Choice('onnxruntime', 'cpu', 'float32'),
    Choice('openvino', 'cpu', 'float32'),
    Choice('mnn', 'cpu', 'float32'),
]
if not why_not('cpu', 'openvino', 'bfloat16'):
    # Elsewhere it would compute in float32, and prove nothing.
    _EVERYWHERE.append(Choice('openvino', 'cpu', 'bfloat16'))
_ON_A_GPU = [
    *(Choice('torch', 'cuda', precision) for precision in ('float32', 'bfloat16', 'float16')),
    *(Choice('tensorrt', 'cuda', precision) for precision in ('float32', 'float16')),
]
_CHOICES = [*_EVERYWHERE, *(pytest.param(choice, marks=pytest.mark.gpu) for choice in _ON_A_GPU)]
# Share of the labels that are those of torch in float32.
_AGREEMENT = {'float32': 0.999, 'bfloat16': 0.995, 'float16': 0.995}

Labels = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def _backend(choice: Choice, threads: int = 0) -> Backend:
    model, manifest = load_model(DEFAULT_MODEL)
    return create_backend(choice, DeployModel(model, PixelNormalizer(manifest.mean, manifest.std)), None, threads)


@pytest.fixture(scope='module', params=_CHOICES, ids=str)
def choice(request: pytest.FixtureRequest) -> Choice:
    return request.param


@pytest.fixture(scope='module')
def backend(choice: Choice) -> Iterator[Backend]:
    """Give a backend that tests share, as long as they leave it open."""
    backend = _backend(choice)
    yield backend
    backend.close()


@pytest.fixture(scope='module')
def pictures() -> NDArray[np.uint8]:
    """Two frames of the sample drive, seconds apart, at a size that no stride divides."""
    frames = read_frames(find_sample_clip(), 2)
    return np.stack([cv2.resize(frame, (245, 187), interpolation=cv2.INTER_AREA) for frame in frames])


@pytest.fixture(scope='module')
def reference(pictures: NDArray[np.uint8]) -> Labels:
    return _backend(Choice('torch', 'cpu', 'float32')).infer(pictures, (200, 260))


def test_every_backend_gives_the_labels_of_the_reference(
    backend: Backend, choice: Choice, pictures: NDArray[np.uint8], reference: Labels
) -> None:
    assert (backend.name, backend.device, backend.precision) == (choice.backend, choice.device, choice.precision)
    label_maps, confidences = backend.infer(pictures, (200, 260))
    assert label_maps.shape == confidences.shape == (2, 200, 260)
    assert label_maps.dtype == confidences.dtype == np.uint8
    assert len(np.unique(reference[0])) > 5
    assert np.mean(label_maps == reference[0]) >= _AGREEMENT[choice.precision]
    assert np.abs(confidences.astype(int) - reference[1]).mean() < 1


def test_every_backend_takes_sizes_and_batches_in_any_order(
    backend: Backend, choice: Choice, pictures: NDArray[np.uint8], reference: Labels
) -> None:
    for height, width in ((32, 32), (33, 245), (187, 65)):
        label_maps, _ = backend.infer(pictures[:1, :height, :width], (height, width))
        assert label_maps.shape == (1, height, width)
    for index in (1, 0):
        label_maps, _ = backend.infer(pictures[index : index + 1], (200, 260))
        assert np.mean(label_maps[0] == reference[0][index]) >= _AGREEMENT[choice.precision]


def test_every_backend_gives_its_logits_on_the_networks_grid(backend: Backend, pictures: NDArray[np.uint8]) -> None:
    logits = backend.grid_logits(pictures)
    assert logits.shape == (2, 11, 24, 31)
    assert logits.dtype == np.float32
    # The nodes of the grid are labelled with nothing in between.
    label_maps, _ = backend.infer(pictures, (24, 31))
    assert np.mean(label_maps == logits.argmax(axis=1)) >= 0.99


def test_two_instances_run_at_once(backend: Backend, choice: Choice, pictures: NDArray[np.uint8]) -> None:
    backends = [_backend(choice), backend]
    alone = [backend.infer(pictures, (64, 64))[0] for backend in backends]
    with ThreadPoolExecutor(2) as pool:
        together = [list(pool.map(lambda b: b.infer(pictures, (64, 64))[0], backends)) for _ in range(3)]
    for label_maps in together:
        assert np.mean(np.equal(label_maps, alone)) > 0.999
    backends[0].close()
    assert np.mean(backends[1].infer(pictures, (64, 64))[0] == alone[1]) > 0.999


@pytest.mark.parametrize('choice', _EVERYWHERE, ids=str)
def test_other_threads_go_on_while_a_backend_computes(choice: Choice) -> None:
    backend, pixels = _backend(choice), np.zeros((1, 320, 480, 3), np.uint8)
    backend.infer(pixels, (320, 480))
    ticks, done = list[float](), threading.Event()

    def tick() -> None:
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    clock = threading.Thread(target=tick)
    clock.start()
    stalls = []
    for _ in range(5):
        started = time.perf_counter()
        backend.infer(pixels, (320, 480))
        ended = time.perf_counter()
        during = [started, *(at for at in ticks if started < at < ended), ended]
        stalls.append(max(np.diff(during)) / (ended - started))
    done.set()
    clock.join()
    # Of one that keeps Python's lock, nearly 1 in all of them; a busy machine may stop a clock once.
    assert min(stalls) < 0.6


@pytest.mark.parametrize('choice', _EVERYWHERE, ids=str)
def test_a_backend_keeps_to_its_threads(choice: Choice) -> None:
    # In a process of its own, as libraries keep their threads; the CPU time of one thread is at most the time itself.
    program = f"""
import time, numpy as np
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, load_model
from sfnet_ros.runtime.backends import Choice, create_backend
backend = create_backend(Choice({choice.backend!r}, 'cpu', {choice.precision!r}),
                         DeployModel(load_model('df1_camvid')[0], PixelNormalizer()), None, 1)
pixels = np.zeros((1, 224, 320, 3), np.uint8)
backend.infer(pixels, (224, 320))
started, cpu = time.perf_counter(), time.process_time()
for _ in range(4):
    backend.infer(pixels, (224, 320))
print((time.process_time() - cpu) / (time.perf_counter() - started))
"""
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, timeout=250, check=True)
    assert float(done.stdout) < 1.15


def test_every_backend_gives_the_same_labels_with_details(backend: Backend, pictures: NDArray[np.uint8]) -> None:
    label_maps, confidences = backend.infer(pictures, (100, 130))
    details = backend.infer_details(pictures, (100, 130))
    assert np.array_equal(details.label_maps, label_maps)
    assert np.array_equal(details.confidences, confidences)
    assert details.probabilities.shape == (2, 100, 130, 11)
    assert details.flows.shape[0] == 2
    assert details.flows.shape[3] == 2
    assert details.probabilities.dtype == details.flows.dtype == np.float32
    assert np.abs(details.probabilities.sum(axis=3) - 1).max() < 1e-4


def test_every_backend_refuses_work_once_closed(choice: Choice) -> None:
    backend = _backend(choice)
    backend.close()
    backend.close()
    for infer in (backend.infer, backend.infer_details):
        with pytest.raises(RuntimeError, match='the backend is closed'):
            infer(np.zeros((1, 32, 32, 3), np.uint8), (32, 32))


def test_every_backend_refuses_pixels_of_another_kind(backend: Backend) -> None:
    with pytest.raises(ValueError, match=r'pixels are float32 of shape \(1, 32, 32, 3\)'):
        backend.infer(np.zeros((1, 32, 32, 3), np.float32), (32, 32))


def test_every_backend_takes_read_only_padded_and_reversed_frames_silently(backend: Backend) -> None:
    padded = np.random.default_rng(0).integers(0, 256, (1, 32, 40, 3), np.uint8)
    view = padded[:, :, :32]
    backwards = view[..., ::-1].copy()[..., ::-1]
    read_only = view.copy()
    read_only.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        label_maps = [backend.infer(pixels, (32, 32))[0] for pixels in (view, read_only, backwards)]
    assert np.array_equal(label_maps[0], label_maps[1])
    assert np.array_equal(label_maps[0], label_maps[2])


def test_a_failure_of_onnxruntime_is_of_the_kind_that_all_backends_fail_with(tmp_path: Path) -> None:
    graph = tmp_path / 'of_one_size.onnx'
    kinds = onnx.TensorProto
    pixels = onnx.helper.make_tensor_value_info('pixels', kinds.UINT8, (1, 32, 32, 3))
    outputs = [onnx.helper.make_tensor_value_info(name, kinds.FLOAT, None) for name in ('logits', 'flow')]
    nodes = [onnx.helper.make_node('Cast', ['pixels'], [name], to=kinds.FLOAT) for name in ('logits', 'flow')]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, 'graph', [pixels], outputs),
        opset_imports=[onnx.helper.make_opsetid('', 18)],
        ir_version=10,
    )
    onnx.save(model, graph)
    running = OnnxRuntimeBackend(graph, 'cpu', 'float32', 1.0)
    assert running.grid_logits(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 32, 32, 3)
    with pytest.raises(RuntimeError, match=r'onnxruntime failed: .*invalid dimensions'):
        running.grid_logits(np.zeros((1, 48, 32, 3), np.uint8))
    graph.write_bytes(graph.read_bytes()[:60])
    with pytest.raises(RuntimeError, match=r'onnxruntime failed: .*of_one_size\.onnx'):
        OnnxRuntimeBackend(graph, 'cpu', 'float32', 1.0)


def _manifest(*faithful: str) -> ModelManifest:
    return ModelManifest('x', 'camvid', SFNetConfig('df1', num_classes=11), 360, faithful=faithful)


def test_auto_is_float32_while_nothing_else_is_recorded_as_faithful() -> None:
    assert choose(_manifest(), device='cpu') == Choice('torch', 'cpu', 'float32')


def test_auto_is_bfloat16_where_it_is_faithful_and_native() -> None:
    expected = 'bfloat16' if is_native('cpu', 'bfloat16') else 'float32'
    assert choose(_manifest('torch/bfloat16', 'torch/float16'), device='cpu').precision == expected


@pytest.mark.skipif(is_native('cpu', 'bfloat16'), reason='this CPU has bfloat16')
def test_bfloat16_that_would_be_float32_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match='openvino computes in float32 in place of bfloat16'):
        choose(_manifest(), 'openvino', 'cpu', 'bfloat16')


def test_what_is_asked_for_is_taken() -> None:
    choice = choose(_manifest('torch/bfloat16'), 'torch', 'cpu', 'float32')
    assert choice == Choice('torch', 'cpu', 'float32')
    assert choose(_manifest(), 'torch', 'cpu', 'bfloat16').precision == 'bfloat16'


def test_auto_device_is_the_gpu_that_torch_sees_or_the_cpu() -> None:
    assert choose(_manifest()).device == ('cuda' if torch.cuda.is_available() else 'cpu')


@pytest.mark.gpu
def test_auto_is_float16_on_a_gpu_where_it_is_faithful() -> None:
    assert choose(_manifest('torch/float16'), device='cuda') == Choice('torch', 'cuda', 'float16')


@pytest.mark.parametrize(
    ('asked', 'sentence'),
    [
        ({'backend': 'torhc'}, "backend 'torhc' is not known; did you mean 'torch'"),
        ({'device': 'gpu'}, "device 'gpu' is not known; accepted are auto, cpu, cuda and cuda:<index>"),
        ({'device': 'cuda:99'}, r"device 'cuda:99' was asked for, but torch sees \d+ CUDA GPUs"),
        ({'device': 'cpu', 'precision': 'float16'}, "precision 'float16' is not there for auto on cpu; accepted"),
        ({'device': 'cpu', 'precision': 'int4'}, "precision 'int4' is not there for auto on cpu; accepted"),
    ],
)
def test_what_is_not_here_is_refused_in_one_sentence(asked: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        choose(_manifest(), **asked)


def test_no_batch_norm_is_left_to_compute(small_model: Path) -> None:
    model, _ = load_model(small_model)
    deploy_model = DeployModel(model, PixelNormalizer())
    assert any(isinstance(module, nn.BatchNorm2d) for module in deploy_model.modules())
    TorchBackend(deploy_model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in deploy_model.modules())


def test_a_backend_itself_refuses_a_device_that_is_not_here(small_model: Path) -> None:
    model, _ = load_model(small_model)
    with pytest.raises(ValueError, match="'cuda:99' was asked for"):
        create_backend(Choice('torch', 'cuda:99', 'float32'), DeployModel(model, PixelNormalizer()))
