"""One contract for all backends, and the rule that chooses among them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from sfnet_ros.network import SFNetConfig
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.network.precision import is_native
from sfnet_ros.runtime import DeployModel, ModelManifest, load_model
from sfnet_ros.runtime.backends import Backend, Choice, choose, create_backend
from sfnet_ros.runtime.backends.torch import TorchBackend

_EVERYWHERE = [Choice('torch', 'cpu', 'float32'), Choice('torch', 'cpu', 'bfloat16')]
_ON_A_GPU = [Choice('torch', 'cuda', precision) for precision in ('float32', 'bfloat16', 'float16')]
_CHOICES = [*_EVERYWHERE, *(pytest.param(choice, marks=pytest.mark.gpu) for choice in _ON_A_GPU)]


def _backend(folder: Path, choice: Choice) -> Backend:
    model, manifest = load_model(folder)
    return create_backend(choice, DeployModel(model, PixelNormalizer(manifest.mean, manifest.std)))


@pytest.fixture(scope='module')
def pictures() -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (2, 12, 16, 3), np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope='module')
def reference(small_model: Path, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return _backend(small_model, Choice('torch', 'cpu', 'float32')).infer(pictures, (100, 130))


@pytest.mark.parametrize('choice', _CHOICES, ids=str)
def test_every_backend_gives_the_labels_of_the_reference(
    choice: Choice,
    small_model: Path,
    pictures: NDArray[np.uint8],
    reference: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    backend = _backend(small_model, choice)
    assert (backend.name, backend.device, backend.precision) == (choice.backend, choice.device, choice.precision)
    label_maps, confidences = backend.infer(pictures, (100, 130))
    assert label_maps.shape == confidences.shape == (2, 100, 130)
    assert label_maps.dtype == confidences.dtype == np.uint8
    assert len(np.unique(reference[0])) > 1
    assert np.mean(label_maps == reference[0]) >= 0.97
    assert np.abs(confidences.astype(int) - reference[1]).mean() < 4


@pytest.mark.parametrize('choice', _CHOICES, ids=str)
def test_every_backend_gives_the_same_labels_with_details(
    choice: Choice, small_model: Path, pictures: NDArray[np.uint8]
) -> None:
    backend = _backend(small_model, choice)
    label_maps, confidences = backend.infer(pictures, (100, 130))
    details = backend.infer_details(pictures, (100, 130))
    assert np.array_equal(details.label_maps, label_maps)
    assert np.array_equal(details.confidences, confidences)
    assert details.probabilities.shape == (2, 100, 130, 11)
    assert details.flows.shape[0] == 2
    assert details.flows.shape[3] == 2
    assert details.probabilities.dtype == details.flows.dtype == np.float32
    assert np.abs(details.probabilities.sum(axis=3) - 1).max() < 1e-4


@pytest.mark.parametrize('choice', _CHOICES, ids=str)
def test_every_backend_refuses_work_once_closed(choice: Choice, small_model: Path) -> None:
    backend = _backend(small_model, choice)
    backend.close()
    backend.close()
    for infer in (backend.infer, backend.infer_details):
        with pytest.raises(RuntimeError, match='the backend is closed'):
            infer(np.zeros((1, 32, 32, 3), np.uint8), (32, 32))


@pytest.mark.parametrize('choice', _CHOICES, ids=str)
def test_every_backend_refuses_pixels_of_another_kind(choice: Choice, small_model: Path) -> None:
    backend = _backend(small_model, choice)
    with pytest.raises(ValueError, match=r'pixels are float32 of shape \(1, 32, 32, 3\)'):
        backend.infer(np.zeros((1, 32, 32, 3), np.float32), (32, 32))


@pytest.mark.parametrize('choice', _CHOICES, ids=str)
def test_every_backend_takes_read_only_padded_and_reversed_frames_silently(choice: Choice, small_model: Path) -> None:
    backend = _backend(small_model, choice)
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


def _manifest(*faithful: str) -> ModelManifest:
    return ModelManifest('x', 'camvid', SFNetConfig('df1', num_classes=11), 360, faithful=faithful)


def test_auto_is_float32_while_nothing_else_is_recorded_as_faithful() -> None:
    assert choose(_manifest(), device='cpu') == Choice('torch', 'cpu', 'float32')


def test_auto_is_bfloat16_where_it_is_faithful_and_native() -> None:
    expected = 'bfloat16' if is_native('cpu', 'bfloat16') else 'float32'
    assert choose(_manifest('torch/bfloat16', 'torch/float16'), device='cpu').precision == expected


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
        ({'device': 'cpu', 'precision': 'float16'}, "precision 'float16' is not there for torch on cpu; accepted"),
        ({'device': 'cpu', 'precision': 'int8'}, "precision 'int8' is not there for torch on cpu; accepted"),
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
        TorchBackend(DeployModel(model, PixelNormalizer()), 'cuda:99')
