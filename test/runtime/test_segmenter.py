"""Frames of any size to label maps of that size."""

from __future__ import annotations

import resource
import weakref
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sfnet_ros.network import SFNetConfig
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, ModelManifest, Segmenter, load_model
from sfnet_ros.runtime.backends.torch import TorchBackend
from sfnet_ros.runtime.network_size import SizeRule, check_size_rule, network_size, output_size


@pytest.fixture(scope='module')
def segmenter(small_model: Path) -> Segmenter:
    return Segmenter.from_model(small_model, device='cpu', precision='float32')


def _frame(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize('frame_hw', [(1, 1), (1, 700), (700, 1), (31, 33), (97, 131), (360, 480), (2160, 3840)])
def test_a_frame_of_any_size_gives_labels_of_that_size(segmenter: Segmenter, frame_hw: tuple[int, int]) -> None:
    result = segmenter(_frame(*frame_hw))
    assert result.label_map.shape == result.confidence.shape == frame_hw
    assert result.label_map.dtype == result.confidence.dtype == np.uint8
    assert result.label_map.max() < 11
    # The most probable of 11 classes is never below one in 11.
    assert result.confidence.min() >= 255 // 11


@pytest.mark.parametrize('input_hw', ['frame', (40, 72), (1, 1)])
def test_the_network_may_see_any_size(small_model: Path, input_hw: tuple[int, int]) -> None:
    segmenter = Segmenter.from_model(small_model, device='cpu', input_hw=input_hw)
    assert segmenter.network_hw((33, 65)) == ((33, 65) if input_hw == 'frame' else input_hw)
    assert segmenter(_frame(33, 65)).label_map.shape == (33, 65)


@pytest.mark.parametrize(
    ('frame_hw', 'short_side', 'expected_hw'),
    [
        ((360, 480), 360, (352, 480)),
        ((720, 960), 360, (352, 480)),
        ((480, 640), 352, (352, 480)),
        ((1080, 1920), 352, (352, 640)),
        ((1920, 1080), 352, (640, 352)),
        ((10, 10), 352, (352, 352)),
        ((1, 1), 40, (32, 32)),
        ((100, 400), 320, (320, 1280)),
        ((100, 1600), 320, (96, 1280)),
        ((1, 100000), 320, (32, 1280)),
    ],
)
def test_the_models_size_keeps_the_aspect_in_multiples_of_32(
    frame_hw: tuple[int, int], short_side: int, expected_hw: tuple[int, int]
) -> None:
    assert network_size(frame_hw, short_side) == expected_hw


@pytest.mark.parametrize(
    ('frame_hw', 'rule', 'expected_hw'),
    [
        ((33, 65), 'frame', (33, 65)),
        ((33, 65), (-1, -1), (33, 65)),
        ((33, 65), (40, -1), (40, 65)),
        ((33, 65), (-1, 40), (33, 40)),
        ((480, 640), (360, 0), (360, 480)),
        ((480, 640), (0, 360), (256, 360)),  # 270 lies between 256 and 288
        ((480, 640), (-1, 0), (480, 640)),
        ((480, 650), (-1, 0), (480, 640)),
        ((1000, 10), (0, 96), (384, 96)),  # squeezed to four times the other
        ((10, 1000), (0, 96), (32, 96)),
        ((1, 2**25), (512, -1), (512, 2**16)),
    ],
)
def test_sides_of_the_networks_size_are_in_px_or_the_frames_or_follow_from_each_other(
    frame_hw: tuple[int, int], rule: SizeRule, expected_hw: tuple[int, int]
) -> None:
    check_size_rule(rule)
    assert network_size(frame_hw, rule) == expected_hw


@pytest.mark.parametrize(
    ('output_hw', 'expected_hw'),
    [
        ((-1, -1), (480, 640)),
        ((0, 0), (480, 640)),
        ((-1, 0), (480, 640)),
        ((100, -1), (100, 640)),
        ((100, 0), (100, 133)),
        ((0, 100), (75, 100)),
        ((1, 0), (1, 1)),
        ((100, 7), (100, 7)),
    ],
)
def test_the_size_of_the_output_needs_no_multiple_of_32(
    output_hw: tuple[int, int], expected_hw: tuple[int, int]
) -> None:
    assert output_size((480, 640), output_hw) == expected_hw


def test_the_size_of_the_output_stays_within_the_pixels_whatever_the_frame() -> None:
    for frame_hw in ((1, 2**25), (2**25, 1)):
        for output_hw in ((480, 0), (0, 480), (8192, -1), (-1, 8192), (-1, -1)):
            height, width = output_size(frame_hw, output_hw)
            assert 1 <= height * width <= 2**25


def test_at_the_networks_own_size_the_backend_sees_the_frame_itself(segmenter: Segmenter) -> None:
    frame = _frame(96, 128)
    label_maps, confidences = segmenter.backend.infer(frame[None], (96, 128))
    result = segmenter(frame)
    assert np.array_equal(result.label_map, label_maps[0])
    assert np.array_equal(result.confidence, confidences[0])


def test_a_larger_frame_is_averaged_before_the_network_sees_it(segmenter: Segmenter) -> None:
    small = _frame(96, 128)
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    expected, _ = segmenter.backend.infer(small[None], (192, 256))
    assert np.array_equal(segmenter(large).label_map, expected[0])


def test_a_smaller_frame_is_enlarged_smoothly(segmenter: Segmenter) -> None:
    frame = _frame(48, 64)
    enlarged = cv2.resize(frame, (128, 96), interpolation=cv2.INTER_LINEAR)
    expected, _ = segmenter.backend.infer(enlarged[None], (48, 64))
    assert np.array_equal(segmenter(frame).label_map, expected[0])


def test_a_result_says_how_long_it_took(segmenter: Segmenter) -> None:
    timing = segmenter(_frame(200, 300)).timing
    assert 0 < timing.resize_ms < 1000
    assert 0 < timing.infer_ms < 10000


def test_it_says_what_runs(segmenter: Segmenter) -> None:
    assert segmenter.describe() == 'small on torch/cpu/float32'
    assert segmenter.label_space.name == 'camvid'
    assert segmenter.manifest is not None
    assert segmenter.manifest.network_short_side == 96


def test_warming_up_changes_no_result(segmenter: Segmenter) -> None:
    frame = _frame(50, 60)
    before = segmenter(frame).label_map
    segmenter.warm_up((50, 60))
    assert np.array_equal(segmenter(frame).label_map, before)


def test_labels_come_out_at_the_size_that_is_asked_for(segmenter: Segmenter) -> None:
    frame = _frame(96, 128)
    labels, _ = segmenter.backend.infer(frame[None], (50, 67))
    result = segmenter(frame, output_hw=(50, 0))
    assert np.array_equal(result.label_map, labels[0])
    assert result.confidence.shape == (50, 67)


def test_details_tell_more_of_the_same_labels(segmenter: Segmenter) -> None:
    frame = _frame(120, 160)
    plain, detailed = segmenter(frame), segmenter(frame, details=True)
    assert plain.probabilities is None
    assert plain.flow is None
    assert np.array_equal(plain.label_map, detailed.label_map)
    assert np.array_equal(plain.confidence, detailed.confidence)
    assert detailed.probabilities is not None
    assert detailed.probabilities.shape == (120, 160, 11)
    assert detailed.probabilities.dtype == np.float32
    assert detailed.probabilities.flags.c_contiguous
    assert np.allclose(detailed.probabilities.sum(axis=2), 1)
    of_the_label = np.take_along_axis(detailed.probabilities, plain.label_map[..., None], axis=2)[..., 0]
    assert np.array_equal(of_the_label, detailed.probabilities.max(axis=2))
    assert np.abs(255 * of_the_label - plain.confidence).max() <= 0.51


def test_the_flow_is_that_of_the_finest_level_with_x_before_y(small_model: Path) -> None:
    model, manifest = load_model(small_model)
    torch.manual_seed(0)
    for align in model.decoder.alignments:
        torch.nn.init.normal_(align.flow.weight)
    normalizer = PixelNormalizer(manifest.mean, manifest.std)
    frame = _frame(96, 128)
    with torch.inference_mode():
        flow = model.forward_details(normalizer(torch.from_numpy(frame)[None])).flows[0][0]
    segmenter = Segmenter(TorchBackend(DeployModel(model, normalizer)), manifest.load_label_space(), 'frame')
    found = segmenter(frame, output_hw=(10, 10), details=True).flow
    assert found is not None
    assert found.shape == (*flow.shape[1:], 2)
    assert np.allclose(found[..., 0], flow[0], atol=1e-3)
    assert np.allclose(found[..., 1], flow[1], atol=1e-3)
    assert not np.allclose(found[..., 0], found[..., 1], atol=1e-1)


class _Counting:
    """Count the batches that go to a backend."""

    def __init__(self, segmenter: Segmenter, device: str = 'cpu') -> None:
        self.device = device
        self.segmenter = Segmenter(self, segmenter.label_space, segmenter.size_rule)
        self.backend = segmenter.backend
        self.batches: list[tuple[int, ...]] = []

    def infer(self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> Any:
        self.batches.append(pixels.shape)
        return self.backend.infer(pixels, output_hw)

    def infer_details(self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> Any:
        self.batches.append(pixels.shape)
        return self.backend.infer_details(pixels, output_hw)


def test_warming_up_takes_one_frame_on_the_cpu_and_one_more_where_a_graph_is_recorded(segmenter: Segmenter) -> None:
    for device, calls in (('cpu', 1), ('cuda:0', 2)):
        counting = _Counting(segmenter, device)
        counting.segmenter.warm_up((96, 128))
        assert counting.batches == [(1, 96, 128, 3)] * calls


def test_frames_that_are_alike_run_as_one_batch_and_come_back_in_order(segmenter: Segmenter) -> None:
    counting = _Counting(segmenter)
    frames = [_frame(96, 128), _frame(96, 192), 255 - _frame(96, 128), _frame(192, 256), _frame(96, 128)]
    sizes = [(-1, -1), (96, 128), (96, 128), (96, 128), (96, 128)]
    results = counting.segmenter.batch(frames, sizes, [False, False, False, False, True])
    assert counting.batches == [(3, 96, 128, 3), (1, 96, 192, 3), (1, 96, 128, 3)]
    for frame, output_hw, result in zip(frames, sizes, results, strict=True):
        alone = segmenter(frame, output_hw)
        assert result.label_map.shape == alone.label_map.shape
        assert np.mean(result.label_map == alone.label_map) > 0.999
    assert [result.flow is not None for result in results] == [False, False, False, False, True]
    assert segmenter.batch([], [], []) == []


@pytest.mark.parametrize(
    ('rule', 'sizes'),
    [
        (352, [352, 256, 192, 160, 128]),
        (96, [96, 64, 32]),
        (32, [32]),
        ((20, 40), [(20, 40), (20, 32)]),
        ((360, 480), [(360, 480), (288, 352), (192, 288), (160, 224), (128, 160)]),
        ((360, 0), [(360, 0), (288, 0), (192, 0), (160, 0), (128, 0)]),
    ],
)
def test_a_ladder_steps_down_to_a_third_on_one_backend(segmenter: Segmenter, rule: SizeRule, sizes: list) -> None:
    top = segmenter.with_size(rule)
    ladder = top.ladder()
    assert [rung.size_rule for rung in ladder] == sizes
    assert ladder[0] is top
    assert all(rung.backend is segmenter.backend for rung in ladder)
    assert all(rung.manifest is segmenter.manifest for rung in ladder)


@pytest.mark.parametrize('rule', ['frame', (-1, -1), (0, -1), (-1, 64)])
def test_no_ladder_steps_down_from_a_size_that_is_the_frames(segmenter: Segmenter, rule: SizeRule) -> None:
    with pytest.raises(ValueError, match=r"is the frame's own, .* set its height or width in px, or leave it to the"):
        segmenter.with_size(rule).ladder()


def test_a_ladder_of_one_rung_is_the_segmenter_itself(segmenter: Segmenter) -> None:
    assert segmenter.ladder(1) == (segmenter,)


def test_another_size_that_is_none_is_refused(segmenter: Segmenter) -> None:
    with pytest.raises(ValueError, match="the network's size is 31"):
        segmenter.with_size(31)


@pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)])
def test_closing_frees_the_weights(small_model: Path, device: str) -> None:
    segmenter = Segmenter.from_model(small_model, device=device, precision='float32')
    weights = weakref.ref(next(segmenter.backend._model.parameters()))  # type: ignore[attr-defined]
    # Not what is reserved: the blocks of others keep whole segments.
    before = torch.cuda.memory_allocated() if device == 'cuda' else 0
    segmenter(_frame(96, 128))
    segmenter.close()
    assert weights() is None
    if device == 'cuda':
        assert torch.cuda.memory_allocated() < before
    segmenter.close()
    with pytest.raises(RuntimeError, match='the backend is closed'):
        segmenter(_frame(96, 128))


def test_models_that_come_and_go_leave_no_memory_behind(small_model: Path) -> None:
    def resident_mib() -> float:
        return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize() / 2**20

    def come_and_go() -> float:
        segmenter = Segmenter.from_model(small_model, device='cpu', precision='float32')
        segmenter(_frame(96, 128))
        loaded = resident_mib()
        segmenter.close()
        assert resident_mib() < loaded - 20  # the weights alone are 35 MiB
        return resident_mib()

    come_and_go()
    first, *_, last = (come_and_go() for _ in range(4))
    assert last < first + 10


@pytest.mark.parametrize(
    ('frame', 'sentence'),
    [
        (np.zeros((8, 8, 3), np.float32), r'a frame is float32 of shape \(8, 8, 3\); uint8 of \(H, W, 3\) is accepted'),
        (np.zeros((8, 8), np.uint8), r'a frame is uint8 of shape \(8, 8\)'),
        (np.zeros((8, 8, 4), np.uint8), r'a frame is uint8 of shape \(8, 8, 4\)'),
        (np.zeros((0, 8, 3), np.uint8), r'a frame is uint8 of shape \(0, 8, 3\)'),
        (np.zeros((1, 8, 8, 3), np.uint8), r'a frame is uint8 of shape \(1, 8, 8, 3\)'),
    ],
)
def test_a_frame_of_another_kind_is_refused(segmenter: Segmenter, frame: NDArray[np.uint8], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        segmenter(frame)


@pytest.mark.parametrize(
    'input_hw', [(0, 0), (-2, 32), (32, 32, 3), (32.0, 32), (True, 32), 'full', (10**5, 10**5), (10**8, -1), [32, 32]]
)
def test_a_size_that_is_none_is_refused(small_model: Path, input_hw: object) -> None:
    with pytest.raises(ValueError, match="accepted are 'frame', a short side from 32 to 2880 px, or"):
        Segmenter.from_model(small_model, input_hw=input_hw)


def test_every_short_side_that_a_manifest_takes_can_run(segmenter: Segmenter) -> None:
    for short_side in (32, 2880):
        manifest = ModelManifest('any', 'camvid', SFNetConfig('df1', num_classes=11), short_side)
        wide = Segmenter(segmenter.backend, segmenter.label_space, manifest.network_short_side, manifest)
        height, width = wide.network_hw((100, 1000))
        assert height * width <= 2**25
    with pytest.raises(ValueError, match='a short side from 32 to 2880 px'):
        Segmenter(segmenter.backend, segmenter.label_space, 2881)
