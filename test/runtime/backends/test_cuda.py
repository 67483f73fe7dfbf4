"""torch on a GPU: what can be seen without one, and with one how frames pass through recorded graphs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sfnet_ros.cli.frames import find_sample_clip, read_frames
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, load_model
from sfnet_ros.runtime.backends.cuda import CudaTorchBackend, label_on_gpu, run_network
from sfnet_ros.runtime.backends.frame_pipeline import bands
from sfnet_ros.runtime.backends.torch import TorchBackend, convert
from sfnet_ros.runtime.labelling import label_whole
from sfnet_ros.share import DEFAULT_MODEL


def deploy_model(name: str | Path = DEFAULT_MODEL) -> DeployModel:
    model, manifest = load_model(name)
    return DeployModel(model, PixelNormalizer(manifest.mean, manifest.std), manifest.temperature)


@pytest.fixture(scope='module')
def pictures() -> NDArray[np.uint8]:
    """Two frames of the sample drive, seconds apart, at a size that no stride divides."""
    frames = read_frames(find_sample_clip(), 2)
    return np.stack([cv2.resize(frame, (245, 187), interpolation=cv2.INTER_AREA) for frame in frames])


def test_labels_are_those_of_the_other_form() -> None:
    grid = torch.randn(3, 19, 23, 31, generator=torch.Generator().manual_seed(0))
    label_maps, confidences = label_on_gpu(grid, 1.5, (190, 250))
    expected_maps, expected_confidences = label_whole(grid, 1.5, (190, 250))
    assert label_maps.shape == confidences.shape == (3, 190, 250)
    assert label_maps.dtype == confidences.dtype == torch.uint8
    assert (label_maps == expected_maps).float().mean() >= 0.9999
    assert (confidences.int() - expected_confidences.int()).abs().max() <= 1


def test_half_precision_needs_no_autocast_and_gives_its_labels(pictures: NDArray[np.uint8]) -> None:
    pixels = torch.from_numpy(pictures)
    model = convert(deploy_model(), torch.bfloat16)
    with torch.inference_mode():
        grid, flow = run_network(model, pixels, dtype=torch.bfloat16)
        label_maps, _ = label_whole(grid, 1.0, (187, 245))
    assert grid.dtype == flow.dtype == torch.bfloat16
    expected, _ = TorchBackend(deploy_model(), 'bfloat16').infer(pictures, (187, 245))
    assert np.mean(label_maps.numpy() == expected) >= 0.995


def test_samples_are_taken_in_float32_whatever_the_features_are(
    pictures: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled: list[tuple[torch.dtype, torch.dtype]] = []
    grid_sample = functional.grid_sample

    def noted(feature: torch.Tensor, grid: torch.Tensor, **options: Any) -> torch.Tensor:
        sampled.append((feature.dtype, grid.dtype))
        return grid_sample(feature, grid, **options)

    monkeypatch.setattr(functional, 'grid_sample', noted)
    with torch.inference_mode():
        run_network(convert(deploy_model(), torch.bfloat16), torch.from_numpy(pictures), dtype=torch.bfloat16)
    assert len(sampled) >= 3
    assert set(sampled) == {(torch.float32, torch.float32)}


def test_only_convolutions_are_converted() -> None:
    model = convert(deploy_model(), torch.float16)
    assert model.normalizer.scale.dtype == torch.float32
    assert {parameter.dtype for parameter in model.model.parameters()} == {torch.float16}
    assert all(
        weight.is_contiguous(memory_format=torch.channels_last) for weight in model.parameters() if weight.ndim == 4
    )


@pytest.mark.parametrize(
    'shape', [(1, 1024, 2048, 3), (3, 720, 1280, 3), (2, 1, 8192, 3), (1, 3, 10**6, 3), (4, 32, 32, 3)]
)
def test_bands_cover_every_row_once(shape: tuple[int, int, int, int]) -> None:
    covered = np.zeros(shape[:2], int)
    for picture, rows in bands(shape):
        covered[picture, rows] += 1
        assert (rows.stop - rows.start) * shape[2] * 3 <= max(2 << 20, shape[2] * 3)
    assert (covered == 1).all()


def test_small_pictures_go_up_whole() -> None:
    assert list(bands((2, 360, 480, 3))) == [(0, slice(0, 360)), (1, slice(0, 360))]
    assert len(list(bands((1, 1024, 2048, 3)))) > 1


@pytest.mark.parametrize(
    ('device', 'sentence'),
    [
        ('cuda:99', r"device 'cuda:99' was asked for, but torch sees \d+ CUDA GPUs"),
        ('cpu', 'backend torch on CUDA does not run on the cpu'),
        ('gpu', "device 'gpu' is not known"),
    ],
)
def test_nothing_falls_to_the_cpu(device: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        CudaTorchBackend(deploy_model(), device)


@pytest.mark.gpu
@pytest.mark.parametrize('precision', ['float32', 'bfloat16', 'float16'])
def test_recorded_frames_are_labelled_as_the_first_one(precision: str, pictures: NDArray[np.uint8]) -> None:
    backend = CudaTorchBackend(deploy_model(), 'cuda', precision)
    # The first call is not recorded, the second one records, and what follows is replayed.
    results = [backend.infer(pictures, (200, 260)) for _ in range(4)]
    expected, _ = TorchBackend(deploy_model()).infer(pictures, (200, 260))
    for label_maps, confidences in results:
        assert np.array_equal(label_maps, results[0][0])
        assert np.array_equal(confidences, results[0][1])
    assert np.mean(results[0][0] == expected) >= (0.999 if precision == 'float32' else 0.995)


@pytest.mark.gpu
def test_replayed_frames_are_their_own(pictures: NDArray[np.uint8]) -> None:
    backend = CudaTorchBackend(deploy_model(), 'cuda')
    first, second = pictures[:1], pictures[1:]
    for _ in range(3):
        backend.infer(first, (187, 245))
    labels_first, _ = backend.infer(first, (187, 245))
    kept = labels_first.copy()
    labels_second, _ = backend.infer(second, (187, 245))
    # What was given out stays as it is, and nothing of one frame is left in the next.
    assert np.array_equal(labels_first, kept)
    fresh, _ = CudaTorchBackend(deploy_model(), 'cuda').infer(second, (187, 245))
    assert np.array_equal(labels_second, fresh)
    assert not np.array_equal(labels_second, labels_first)


@pytest.mark.gpu
def test_details_have_the_labels_of_replayed_frames(pictures: NDArray[np.uint8]) -> None:
    backend = CudaTorchBackend(deploy_model(), 'cuda')
    for _ in range(3):
        label_maps, confidences = backend.infer(pictures, (200, 260))
    details = backend.infer_details(pictures, (200, 260))
    assert np.mean(details.label_maps == label_maps) >= 0.9999
    assert np.abs(details.confidences.astype(int) - confidences).max() <= 1


@pytest.mark.gpu
def test_more_shapes_than_there_is_room_for_come_and_go(pictures: NDArray[np.uint8]) -> None:
    backend = CudaTorchBackend(deploy_model(), 'cuda')
    sizes = [(64 + 8 * index, 96) for index in range(10)]
    expected = {}
    for _ in range(2):
        for height, width in sizes:
            for _ in range(3):
                label_maps, _ = backend.infer(pictures[:, :height, :width], (height, width))
            assert np.array_equal(label_maps, expected.setdefault((height, width), label_maps))


@pytest.mark.gpu
def test_nothing_grows_on_the_device_after_the_first_frames(pictures: NDArray[np.uint8]) -> None:
    backend = CudaTorchBackend(deploy_model(), 'cuda')
    for _ in range(3):
        backend.infer(pictures, (187, 245))
    allocated = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()
    for _ in range(50):
        backend.infer(pictures, (187, 245))
    assert (torch.cuda.memory_allocated(), torch.cuda.memory_reserved()) == allocated


@pytest.mark.gpu
def test_closing_gives_the_devices_memory_back(pictures: NDArray[np.uint8]) -> None:
    before = torch.cuda.memory_allocated()
    backend = CudaTorchBackend(deploy_model(), 'cuda')
    for _ in range(3):
        backend.infer(pictures, (187, 245))
    assert torch.cuda.memory_allocated() > before
    backend.close()
    assert torch.cuda.memory_allocated() == before


@pytest.mark.gpu
def test_instances_record_and_run_at_once(pictures: NDArray[np.uint8]) -> None:
    backends = [CudaTorchBackend(deploy_model(), 'cuda') for _ in range(3)]
    expected, _ = CudaTorchBackend(deploy_model(), 'cuda').infer(pictures, (187, 245))
    together = threading.Barrier(len(backends))

    def run(backend: CudaTorchBackend) -> list[NDArray[np.uint8]]:
        together.wait(30)
        return [backend.infer(pictures, (187, 245))[0] for _ in range(20)]

    with ThreadPoolExecutor(len(backends)) as threads:
        for label_maps in threads.map(run, backends):
            assert all(np.array_equal(label_map, expected) for label_map in label_maps)


@pytest.mark.gpu
def test_a_thread_that_never_ran_a_network_records_one(pictures: NDArray[np.uint8]) -> None:
    backend = CudaTorchBackend(deploy_model(), 'cuda')
    expected, _ = backend.infer(pictures, (187, 245))
    others = 32
    together, kernel = threading.Barrier(others), torch.ones((1, 1, 3, 3), device='cuda')

    def convolve(_: int) -> None:
        functional.conv2d(torch.ones((1, 1, 8, 8), device='cuda'), kernel)
        together.wait(30)

    # What threads before have left of cuDNN goes to those that live now, and the last one has to set it up itself.
    with ThreadPoolExecutor(others) as living, ThreadPoolExecutor(1) as fresh:
        list(living.map(convolve, range(others)))
        for _ in range(2):
            assert np.array_equal(fresh.submit(backend.infer, pictures, (187, 245)).result()[0], expected)
