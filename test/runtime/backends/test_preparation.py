"""A stand-in serves while the wanted backend is prepared, size by size, and for good where that fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, Segmenter, load_model
from sfnet_ros.runtime.backends.preparation import BackendWithStandIn
from sfnet_ros.runtime.backends.torch import TorchBackend

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)

HW = (64, 96)
PIXELS = np.random.default_rng(0).integers(0, 256, (1, *HW, 3), np.uint8)
DEADLINE_S = 60.0
WANTED, STAND_IN = 'torch/cpu/bfloat16', 'torch/cpu/float32'


class Workbench:
    """Make real backends, the wanted one when it is allowed to."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self.may_be_made = threading.Event()
        self.made: list[TorchBackend] = []

    def stand_in(self) -> TorchBackend:
        return self._backend('float32')

    def wanted(self) -> TorchBackend:
        assert self.may_be_made.wait(DEADLINE_S)
        self.made.append(self._backend('bfloat16'))
        return self.made[-1]

    def _backend(self, precision: str) -> TorchBackend:
        model, manifest = load_model(self._model)
        return TorchBackend(DeployModel(model, PixelNormalizer(manifest.mean, manifest.std)), precision)


@pytest.fixture
def workbench(small_model: Path) -> Iterator[Workbench]:
    with ExitStack() as last:
        workbench = Workbench(small_model)
        last.callback(workbench.may_be_made.set)
        yield workbench


@pytest.fixture
def backend(workbench: Workbench) -> Iterator[BackendWithStandIn]:
    backend = BackendWithStandIn(workbench.stand_in(), WANTED, workbench.wanted)
    yield backend
    backend.close()


def wait_until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def serve(backend: BackendWithStandIn, pixels: NDArray[np.uint8] = PIXELS, calls: int = 1) -> str:
    """Serve so many frames, and say what precision the last one was served in."""
    for _ in range(calls):
        label_maps, _ = backend.infer(pixels, HW)
        assert label_maps.shape == (len(pixels), *HW)
    return backend.precision


def test_the_stand_in_serves_until_the_wanted_one_is_ready(backend: BackendWithStandIn, workbench: Workbench) -> None:
    assert (serve(backend, calls=4), backend.preparing) == ('float32', WANTED)
    workbench.may_be_made.set()
    wait_until(lambda: not backend.preparing)
    assert serve(backend) == 'bfloat16'
    expected = workbench.made[0].infer(PIXELS, HW)[0]
    assert np.array_equal(backend.infer(PIXELS, HW)[0], expected)
    assert np.array_equal(backend.infer_details(PIXELS, HW).label_maps, expected)
    assert np.array_equal(backend.grid_logits(PIXELS), workbench.made[0].grid_logits(PIXELS))


def test_each_size_is_prepared_once_it_has_come_often_enough(backend: BackendWithStandIn, workbench: Workbench) -> None:
    workbench.may_be_made.set()
    serve(backend, calls=3)
    wait_until(lambda: not backend.preparing)
    other = np.zeros((2, 32, 64, 3), np.uint8)
    # Two empty frames make a model warm, and prepare nothing.
    assert (serve(backend, other, calls=2), backend.preparing) == ('float32', '')
    assert serve(backend) == 'bfloat16'
    serve(backend, other)
    wait_until(lambda: not backend.preparing)
    assert (serve(backend, other), serve(backend)) == ('bfloat16', 'bfloat16')


def test_the_stand_in_serves_all_sizes_while_one_is_prepared(
    backend: BackendWithStandIn, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench.may_be_made.set()
    serve(backend, calls=3)
    wait_until(lambda: not backend.preparing)
    (wanted,) = workbench.made
    begun, may_go_on, infer = threading.Event(), threading.Event(), wanted.infer

    def held(pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        begun.set()
        assert may_go_on.wait(DEADLINE_S)
        return infer(pixels, output_hw)

    monkeypatch.setattr(wanted, 'infer', held)
    serve(backend, np.zeros((1, 32, 64, 3), np.uint8), calls=3)
    assert begun.wait(DEADLINE_S)
    assert (serve(backend), backend.preparing) == ('float32', WANTED)
    may_go_on.set()
    wait_until(lambda: not backend.preparing)
    assert serve(backend) == 'bfloat16'


def test_what_is_told(backend: BackendWithStandIn, workbench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        workbench.may_be_made.set()
        serve(backend, calls=3)
        wait_until(lambda: not backend.preparing)
        serve(backend, calls=5)
    assert caplog.messages == [f'{WANTED} is ready for 1 of 64 x 96 px, and serves these in place of {STAND_IN}']


def test_the_stand_in_goes_on_where_the_wanted_one_cannot_be_made(
    workbench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> TorchBackend:
        raise ValueError('backend x needs y:\n pip install y')

    backend = BackendWithStandIn(workbench.stand_in(), WANTED, fail)
    assert serve(backend, calls=4) == 'float32'
    wait_until(lambda: not backend.preparing)
    assert serve(backend, calls=4) == 'float32'
    sentence = f'cannot prepare {WANTED}: backend x needs y: pip install y; {STAND_IN} goes on'
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [sentence]
    backend.close()


def test_a_size_that_cannot_be_prepared_stays_with_the_stand_in(
    backend: BackendWithStandIn, workbench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    workbench.may_be_made.set()
    wait_until(lambda: not backend.preparing)
    workbench.made[0].close()
    serve(backend, calls=3)
    wait_until(lambda: not backend.preparing)
    assert serve(backend, calls=4) == 'float32'
    assert caplog.text.count('the backend is closed') == 1


def test_bad_pixels_are_refused_and_prepare_nothing(backend: BackendWithStandIn, workbench: Workbench) -> None:
    workbench.may_be_made.set()
    wait_until(lambda: not backend.preparing)
    for _ in range(5):
        with pytest.raises(ValueError, match='pixels are float32'):
            backend.infer(np.zeros((1, *HW, 3), np.float32), HW)  # type: ignore[arg-type]
    assert not backend.preparing


def test_closed_before_the_wanted_one_is_made_nothing_is_made(workbench: Workbench) -> None:
    blocked = threading.Event()

    def make() -> TorchBackend:
        blocked.set()
        return workbench.wanted()

    backend = BackendWithStandIn(workbench.stand_in(), WANTED, make)
    serve(backend, calls=3)
    assert blocked.wait(DEADLINE_S)
    # It does not wait for what is under way.
    backend.close()
    backend.close()
    assert backend.preparing == ''
    with pytest.raises(RuntimeError, match='the backend is closed'):
        backend.infer(PIXELS, HW)
    workbench.may_be_made.set()
    wait_until(lambda: bool(workbench.made))
    wait_until(lambda: _is_closed(workbench.made[0]))


def test_closing_closes_both(backend: BackendWithStandIn, workbench: Workbench) -> None:
    workbench.may_be_made.set()
    serve(backend, calls=3)
    wait_until(lambda: not backend.preparing)
    backend.close()
    with pytest.raises(RuntimeError, match='the backend is closed'):
        backend.infer_details(PIXELS, HW)
    wait_until(lambda: _is_closed(workbench.made[0]))


def _is_closed(backend: TorchBackend) -> bool:
    try:
        backend.infer(PIXELS, HW)
    except RuntimeError as error:
        return str(error) == 'the backend is closed'
    return False


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache without graphs, as a machine has it before anything ran there."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


@pytest.mark.timeout(300)
def test_a_graph_that_is_not_there_yet_is_made_while_torch_serves(small_model: Path, empty_cache: Path) -> None:
    segmenter = Segmenter.from_model(
        small_model, backend='onnxruntime', device='cpu', precision='float32', at_once=True
    )
    assert segmenter.describe().endswith('on torch/cpu/float32')
    rgb = PIXELS[0]
    expected = segmenter(rgb).label_map
    end_s = time.monotonic() + 240
    while segmenter.backend.name != 'onnxruntime':
        assert time.monotonic() < end_s
        assert np.mean(segmenter(rgb).label_map == expected) >= 0.999
        # As the frames of a camera come, which leave time for the graph.
        time.sleep(0.2)
    assert list(empty_cache.glob('sfnet_ros/graphs/*.onnx'))
    segmenter.close()
    # From the next start on nothing stands in.
    again = Segmenter.from_model(small_model, backend='onnxruntime', device='cpu', at_once=True)
    assert again.describe().endswith('on onnxruntime/cpu/float32')


def test_torch_needs_no_stand_in(small_model: Path, empty_cache: Path) -> None:
    segmenter = Segmenter.from_model(small_model, backend='torch', device='cpu', at_once=True)
    assert isinstance(segmenter.backend, TorchBackend)


def test_int8_that_was_not_exported_is_refused_at_once(small_model: Path, empty_cache: Path) -> None:
    with pytest.raises(ValueError, match='precision int8 of small has no graph'):
        Segmenter.from_model(small_model, backend='onnxruntime', device='cpu', precision='int8', at_once=True)
