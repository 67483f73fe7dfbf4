"""One frame in, its label map out: what the node, bags and commands all call."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace
from sfnet_ros.runtime.backends import Backend, choose, create_backend, is_prepared
from sfnet_ros.runtime.backends.preparation import create_at_once
from sfnet_ros.runtime.manifest import ModelManifest
from sfnet_ros.runtime.model_folders import find_model
from sfnet_ros.runtime.model_store import load_deploy_model
from sfnet_ros.runtime.network_size import FRAME_HW, SizeRule, check_size_rule, network_size, output_size, smaller_rules
from sfnet_ros.runtime.resizing import resize
from sfnet_ros.runtime.segmentation import Segmentation, Timing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Batch:
    """Tell what frames have in common that run as one."""

    network_hw: tuple[int, int]
    output_hw: tuple[int, int]
    details: bool


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
        threads: int = 0,
        at_once: bool = False,
    ) -> Segmenter:
        """Load a model onto a backend.

        Args:
            name_or_folder: See `find_model`.
            backend: See `choose`, also for device and precision.
            device: ``'auto'``, ``'cpu'``, ``'cuda'``, ...
            precision: ``'auto'``, ``'float32'``, ``'bfloat16'``, ...
            input_hw: The network's size: None for the model's own short side, ``'frame'``, or (height, width), see
                `network_size`.
            threads: Of the CPU, in the whole process; 0 leaves them as they are.
            at_once: Do not wait for what takes long to prepare: torch stands in until then, see `create_at_once`.

        Raises:
            ValueError: The model, or what it shall run on, is not there or not right.
        """
        if input_hw is not None:
            # Before seconds go into loading.
            check_size_rule(input_hw)
        deploy_model, manifest = load_deploy_model(name_or_folder)
        folder = find_model(name_or_folder)
        choice = choose(
            manifest, backend, device, precision, partial(is_prepared, deploy_model=deploy_model, folder=folder)
        )
        logger.info('%s runs on %s: %s', manifest.name, choice, choice.reason)
        size_rule = manifest.network_short_side if input_hw is None else input_hw
        if at_once:
            running = create_at_once(choice, deploy_model, manifest, folder, threads)
        else:
            running = create_backend(choice, deploy_model, folder, threads)
        return cls(running, manifest.load_label_space(), size_rule, manifest)

    def __call__(
        self, rgb: NDArray[np.uint8], output_hw: tuple[int, int] | None = None, details: bool = False
    ) -> Segmentation:
        """Segment a frame.

        Args:
            rgb: ``(H, W, 3)``.
            output_hw: Size of the label map, see `output_size`; None is the frame's.
            details: Whether to give the probabilities and the flow besides.

        Raises:
            ValueError: The frame is of another type or shape.
        """
        return self.batch([rgb], [output_hw or FRAME_HW], [details])[0]

    def batch(
        self, frames: Sequence[NDArray[np.uint8]], output_hws: Sequence[tuple[int, int]], details: Sequence[bool]
    ) -> list[Segmentation]:
        """Segment frames; those that are alike to the network and in what is asked for run as one batch.

        Args:
            frames: ``(H, W, 3)`` each.
            output_hws: Size of each one's label map, see `output_size`.
            details: Whether to give each one's probabilities and flow besides.

        Returns:
            What the frames were found to show, in their order.

        Raises:
            ValueError: A frame is of another type or shape.
        """
        members: dict[_Batch, list[int]] = {}
        for index, (rgb, output_hw, wants) in enumerate(zip(frames, output_hws, details, strict=True)):
            frame_hw = _size(rgb)
            batch = _Batch(self.network_hw(frame_hw), output_size(frame_hw, output_hw), wants)
            members.setdefault(batch, []).append(index)
        results: dict[int, Segmentation] = {}
        for batch, indices in members.items():
            results.update(zip(indices, self._run(batch, [frames[index] for index in indices]), strict=True))
        return [results[index] for index in range(len(frames))]

    def _run(self, batch: _Batch, frames: Sequence[NDArray[np.uint8]]) -> list[Segmentation]:
        started = time.perf_counter()
        resized = [resize(rgb, batch.network_hw) for rgb in frames]
        pixels = resized[0][None] if len(resized) == 1 else np.stack(resized)
        stacked = time.perf_counter()
        found: Iterable[tuple[NDArray[Any], ...]]
        if batch.details:
            details = self.backend.infer_details(pixels, batch.output_hw)
            found = zip(details.label_maps, details.confidences, details.probabilities, details.flows, strict=True)
        else:
            found = zip(*self.backend.infer(pixels, batch.output_hw), strict=True)
        inferred = time.perf_counter()
        timing = Timing(resize_ms=(stacked - started) * 1e3, infer_ms=(inferred - stacked) * 1e3)
        return [Segmentation(label_map, confidence, timing, *more) for label_map, confidence, *more in found]

    def with_size(self, size_rule: SizeRule) -> Segmenter:
        """Give a segmenter for another network's size, on the same backend: no weights are loaded again.

        Raises:
            ValueError: ``size_rule`` is none.
        """
        return Segmenter(self.backend, self.label_space, size_rule, self.manifest)

    def ladder(self, rungs: int = 5) -> tuple[Segmenter, ...]:
        """Give this segmenter and such for ever smaller network's sizes, down to about a third of its sides.

        Args:
            rungs: How many; fewer where this one's size is small already.

        Raises:
            ValueError: The network's size is the frame's.
        """
        _, *smaller = smaller_rules(self.size_rule, rungs)
        return (self, *map(self.with_size, smaller))

    def close(self) -> None:
        """Free the memory, the device's too, of this segmenter and all that share its backend."""
        self.backend.close()

    def network_hw(self, frame_hw: tuple[int, int]) -> tuple[int, int]:
        """Give the size (height, width) at which the network sees a frame of that size."""
        return network_size(frame_hw, self.size_rule)

    def warm_up(self, frame_hw: tuple[int, int]) -> None:
        """Segment an empty frame of a size, as the first call at every new size is several times slower.

        On a GPU two of them: the second one records what it does.
        """
        for _ in range(1 if self.backend.device == 'cpu' else 2):
            self(np.zeros((*frame_hw, 3), np.uint8))

    def describe(self) -> str:
        """Say in a word what runs: ``'df1_camvid on torch/cpu/float32'``."""
        name = self.manifest.name if self.manifest else 'network'
        return f'{name} on {self.backend.name}/{self.backend.device}/{self.backend.precision}'


def _size(rgb: NDArray[np.uint8]) -> tuple[int, int]:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f'a frame is {rgb.dtype} of shape {rgb.shape}; uint8 of (H, W, 3) is accepted')
    return rgb.shape[0], rgb.shape[1]
