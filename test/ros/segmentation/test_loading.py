"""What is left of a model that could not be loaded, and on how many threads one runs that could."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sfnet_ros.ros.segmentation.loading import default_threads, load
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime import Segmenter


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Segmenter]:
    """List the segmenters that are closed from now on."""
    segmenters: list[Segmenter] = []
    close = Segmenter.close

    def noted(segmenter: Segmenter) -> None:
        close(segmenter)
        segmenters.append(segmenter)

    monkeypatch.setattr(Segmenter, 'close', noted)
    return segmenters


def test_a_model_that_cannot_be_made_warm_gives_its_memory_back(model_folder: Path, closed: list[Segmenter]) -> None:
    with pytest.raises(ValueError, match='a frame is'):
        load(NodeParameters(model=str(model_folder), device='cpu'), None, [(0, 0)])
    assert len(closed) == 1


def test_a_model_that_runs_is_kept_where_it_cannot_run_at_another_size(
    model_folder: Path, closed: list[Segmenter]
) -> None:
    running = load(NodeParameters(model=str(model_folder), device='cpu'), None, [(60, 80)])
    with pytest.raises(ValueError, match="is the frame's own"):
        load(
            NodeParameters(model=str(model_folder), input_height=-1, input_width=-1, target_latency_ms=9.0), running, []
        )
    assert closed == []
    running.ladder[0].warm_up((60, 80))


@pytest.fixture
def threads() -> Iterator[int]:
    """Give the CPU threads of torch, which are the same again after the test."""
    threads = torch.get_num_threads()
    yield threads
    torch.set_num_threads(threads)


def test_the_network_has_the_threads_that_are_asked_for_and_all_again_by_default(
    model_folder: Path, threads: int
) -> None:
    def threads_of(number: int) -> int:
        parameters = NodeParameters(model=str(model_folder), backend='torch', device='cpu', threads=number)
        load(parameters, None, [(60, 80)])
        return torch.get_num_threads()

    assert threads_of(1) == 1
    assert threads_of(0) == default_threads()


@pytest.mark.parametrize(('cores', 'expected'), [(1, 1), (2, 2), (3, 3), (4, 3), (16, 15)])
def test_of_many_cores_one_is_left_to_the_robot_unless_the_user_has_counted_them(
    cores: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('sfnet_ros.ros.segmentation.loading._ALL_THREADS', cores)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    assert default_threads() == expected
    monkeypatch.setenv('OMP_NUM_THREADS', str(cores))
    assert default_threads() == cores
