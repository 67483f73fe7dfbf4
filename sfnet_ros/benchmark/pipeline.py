"""The ways from a frame to its labels that are measured."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.benchmark.baseline import BASELINE, Baseline
from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.runtime import Segmenter
from sfnet_ros.runtime.backends import create_backend


class Pipeline(Protocol):
    """Turn frames ``(H, W, 3)`` into labels."""

    def label(self, rgb: NDArray[np.uint8]) -> NDArray[Any]:
        """Go the whole way, from the frame in host memory to train ids ``(H, W)`` there."""

    def run_network(self, rgb: NDArray[np.uint8]) -> None:
        """Run the network alone on a frame of its own size."""


class OnBackend:
    """Label frames as the node does.

    Args:
        segmenter: For the one size of frames, which is its network's too.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def label(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Label a frame, see `Pipeline.label`."""
        return self._segmenter(rgb).label_map

    def run_network(self, rgb: NDArray[np.uint8]) -> None:
        """Run the network alone, see `Pipeline.run_network`."""
        self._segmenter.backend.grid_logits(rgb[None])


def open_pipeline(configuration: Configuration) -> Pipeline:
    """Load what a configuration runs.

    Raises:
        ValueError: It is not there on this machine.
    """
    subject, choice = configuration.subject, configuration.choice
    manifest = subject.manifest
    if choice.backend == BASELINE:
        return Baseline(subject.load(), manifest, choice.device)
    backend = create_backend(choice, subject.load_deploy_model(), subject.folder)
    return OnBackend(Segmenter(backend, manifest.load_label_space(), configuration.size_hw, manifest))
