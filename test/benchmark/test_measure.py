from __future__ import annotations

import itertools
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sfnet_ros.benchmark.baseline import BASELINE, Baseline
from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.benchmark.measure import Budget, measure
from sfnet_ros.benchmark.peak import MatmulPeak
from sfnet_ros.benchmark.pipeline import open_pipeline
from sfnet_ros.benchmark.runner import Runner
from sfnet_ros.benchmark.subject import Subject
from sfnet_ros.network.cost import multiply_accumulates
from sfnet_ros.runtime.backends import Choice

_HW = (96, 128)


def _configuration(folder: Path, backend: str = 'torch', precision: str = 'float32', threads: int = 0) -> Configuration:
    return Configuration(Subject.of_model(str(folder)), Choice(backend, 'cpu', precision), _HW, threads)


@pytest.fixture(scope='module')
def frame() -> np.ndarray:
    blocks = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    return blocks.repeat(16, axis=0).repeat(16, axis=1)


def test_the_baseline_gives_the_labels_of_torch_in_float32(small_model: Path, frame: np.ndarray) -> None:
    expected = open_pipeline(_configuration(small_model)).label(frame)
    label_map = open_pipeline(_configuration(small_model, BASELINE)).label(frame)
    assert label_map.shape == _HW
    assert len(np.unique(expected)) > 1
    assert np.mean(label_map == expected) > 0.999


def test_the_baseline_computes_norms_and_auxiliary_heads_as_the_authors_do(
    small_model: Path, frame: np.ndarray
) -> None:
    subject = Subject.of_model(str(small_model))
    baseline = Baseline(subject.load(), subject.manifest, 'cpu')
    computed: list[nn.Module] = []
    for module in baseline._model.modules():
        module.register_forward_hook(lambda module, *_: computed.append(module))
    baseline.run_network(frame)
    assert len(baseline._model.aux_heads) == 2
    assert all(head in computed for head in baseline._model.aux_heads)
    assert any(isinstance(module, nn.BatchNorm2d) for module in computed)


def test_a_runner_times_the_whole_and_the_network_alone(small_model: Path, frame: np.ndarray) -> None:
    threads = torch.get_num_threads()
    try:
        runner = Runner(_configuration(small_model, threads=1), [frame])
        started = time.perf_counter()
        timed = runner.time(7)
        took_ms = (time.perf_counter() - started) * 1e3
        footprint = runner.footprint()
    finally:
        torch.set_num_threads(threads)
    assert 0 < timed.total_ms + timed.model_ms < took_ms
    assert footprint.threads == 1
    assert footprint.memory_mb is None or footprint.memory_mb > 100


def test_the_peak_is_that_of_the_best_shape() -> None:
    peak = MatmulPeak('cpu')
    with pytest.raises(ValueError, match='nothing was measured; call measure first'):
        peak.gmacs()
    peak.measure()
    slow_s = [[1.0, 3.0, 2.0], [4.0], [4.0], [9.0]]
    assert [len(times_s) for times_s in peak._times_s] == [1, 1, 1, 1]
    peak._times_s[:] = slow_s
    assert peak.gmacs() == pytest.approx(2048**3 / 4.0 / 1e9)


def test_rounds_end_with_the_repeats_or_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(Budget(repeats=5, seconds=1e-9).rounds()) == [0, 1, 2, 3, 4]
    assert list(Budget(seconds=1e-9).rounds()) == [0, 1, 2]
    # Of a clock that goes on by a second at each look: at the start, and from the fourth round on.
    monkeypatch.setattr('sfnet_ros.benchmark.measure.time', SimpleNamespace(monotonic=itertools.count().__next__))
    assert list(Budget(seconds=5.0).rounds()) == list(range(7))


@pytest.mark.parametrize(
    ('repeats', 'seconds', 'sentence'),
    [(0, 1.0, '0 repeats were asked for'), (None, 0.0, '0.0 seconds were'), (None, float('nan'), 'nan seconds were')],
)
def test_no_time_to_measure_in_is_refused(repeats: int | None, seconds: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Budget(repeats, seconds)


def test_configurations_run_in_turns_against_torch_in_float32(small_model: Path, frame: np.ndarray) -> None:
    absent = _configuration(small_model, 'openvino', 'int8', threads=1)
    here = _configuration(small_model, threads=1)
    steps: list[None] = []
    (row,), (missing,) = measure(
        [absent, here], [frame[::2, ::2], frame], Budget(repeats=2), lambda: steps.append(None)
    )
    assert (row.backend, row.precision, row.size, row.repeats) == ('torch', 'float32', '96x128', 2)
    # The labels, and two rounds.
    assert len(steps) == 1 + 2
    assert (row.agreement, row.speedup) == (1.0, None)
    gmacs = multiply_accumulates(here.subject.load(), _HW) / row.model_ms / 1e6
    assert row.gmacs == pytest.approx(gmacs, abs=0.01)
    assert row.peak_percent == pytest.approx(100 * gmacs / row.peak_gmacs, rel=0.01)
    assert missing.what == 'openvino/int8 of small at 96x128'
    assert 'has no graph for its weights yet' in missing.reason
