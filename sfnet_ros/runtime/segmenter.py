"""One frame in, its label map out: what the node, bags and commands all call."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime.backends import Backend, choose, create_backend
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.manifest import ModelManifest
from sfnet_ros.runtime.model_store import load_model
from sfnet_ros.runtime.network_size import SizeRule, check_size_rule, network_size


@dataclass(frozen=True)
class Timing:
    """Tell how long the parts of a segmentation took."""

    resize_ms: float
    infer_ms: float


@dataclass(frozen=True)
class Segmentation:
    """Hold what a frame was found to show, at the frame's size.

    Args:
        label_map: Train ids, ``(H, W)``.
        confidence: 255 times the probability of that label, ``(H, W)``.
        timing: What it took.
    """

    label_map: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    timing: Timing


class Segmenter:
    """Segment frames of any size with one model on one backend. It keeps nothing from frame to frame.

    Args:
        backend: Runs the network.
        label_space: What the train ids mean.
        size_rule: At which size the network sees a frame, see `network_size`.
        manifest: Of the model, where it has one.

    Raises:
        ValueError: ``size_rule`` is none.
    """

    def __init__(
        self, backend: Backend, label_space: LabelSpace, size_rule: SizeRule, manifest: ModelManifest | None = None
    ) -> None:
        check_size_rule(size_rule)
        self.backend = backend
        self.label_space = label_space
        self.size_rule = size_rule
        self.manifest = manifest

    @classmethod
    def from_model(
        cls,
        name_or_folder: str | Path,
        *,
        backend: str = 'auto',
        device: str = 'auto',
        precision: str = 'auto',
        input_hw: tuple[int, int] | Literal['frame'] | None = None,
    ) -> Segmenter:
        """Load a model onto a backend.

        Args:
            name_or_folder: See `find_model`.
            backend: See `choose`, also for device and precision.
            device: ``'auto'``, ``'cpu'``, ``'cuda'``, ...
            precision: ``'auto'``, ``'float32'``, ``'bfloat16'``, ...
            input_hw: The network's size: None for the model's own short side, ``'frame'``, or (height, width).

        Raises:
            ValueError: The model, or what it shall run on, is not there or not right.
        """
        if input_hw is not None:
            # Before seconds go into loading.
            check_size_rule(input_hw)
        model, manifest = load_model(name_or_folder)
        choice = choose(manifest, backend, device, precision)
        deploy_model = DeployModel(model, PixelNormalizer(manifest.mean, manifest.std), manifest.temperature)
        size_rule = manifest.network_short_side if input_hw is None else input_hw
        return cls(create_backend(choice, deploy_model), manifest.load_label_space(), size_rule, manifest)

    def __call__(self, rgb: NDArray[np.uint8]) -> Segmentation:
        """Segment a frame.

        Args:
            rgb: ``(H, W, 3)``.

        Raises:
            ValueError: It is of another type or shape.
        """
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
            raise ValueError(f'a frame is {rgb.dtype} of shape {rgb.shape}; uint8 of (H, W, 3) is accepted')
        started = time.perf_counter()
        frame_hw = (rgb.shape[0], rgb.shape[1])
        pixels = _resize(rgb, self.network_hw(frame_hw))
        resized = time.perf_counter()
        label_maps, confidences = self.backend.infer(pixels[None], frame_hw)
        inferred = time.perf_counter()
        timing = Timing(resize_ms=(resized - started) * 1e3, infer_ms=(inferred - resized) * 1e3)
        return Segmentation(label_maps[0], confidences[0], timing)

    def network_hw(self, frame_hw: tuple[int, int]) -> tuple[int, int]:
        """Give the size (height, width) at which the network sees a frame of that size."""
        return network_size(frame_hw, self.size_rule)

    def warm_up(self, frame_hw: tuple[int, int]) -> None:
        """Segment two empty frames of a size: the first calls at every new size are several times slower."""
        for _ in range(2):
            self(np.zeros((*frame_hw, 3), np.uint8))

    def describe(self) -> str:
        """Say in a word what runs: ``'df1_camvid on torch/cpu/float32'``."""
        name = self.manifest.name if self.manifest else 'network'
        return f'{name} on {self.backend.name}/{self.backend.device}/{self.backend.precision}'


def _resize(rgb: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = size_hw
    if rgb.shape[:2] == size_hw:
        return rgb
    # Averaging over the area keeps a distant pole from falling between two samples; enlarging has nothing to average.
    shrinks = height <= rgb.shape[0] and width <= rgb.shape[1]
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)
