"""What is left of a model that could not be loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfnet_ros.ros.segmentation.loading import load
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
