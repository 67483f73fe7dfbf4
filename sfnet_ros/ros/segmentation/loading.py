"""Load the model that the parameters ask for, and make it warm."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import torch

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.parameter_fields import Changes, rules_of
from sfnet_ros.ros.segmentation.model_choice import RUNGS, choose_model, size_rule
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime import ModelManifest, Segmenter
from sfnet_ros.runtime.backends.preparation import BackendWithStandIn

RELOADS = tuple(name for name, rules in rules_of(NodeParameters).items() if rules.changes is Changes.RELOAD)

# They take the same weights in the same place, only run at other sizes.
_SIZES = ('input_height', 'input_width', 'target_latency_ms')

# Before a camera's size is known; another one costs its first frames some time.
_TYPICAL_FRAME_HW = (480, 640)

_ALL_THREADS = torch.get_num_threads()
# Of cores. On two of them a network is faster with both than with one, also beside a camera and those who listen.
_FEWEST_TO_LEAVE_ONE = 4


@dataclass(frozen=True)
class LoadedModel:
    """Hold a model that is ready to serve frames.

    Args:
        manifest: Of the model.
        ladder: Runs it at its network's size, and at ever smaller ones where a latency is to be kept; all share one
            backend.
        parameters: What it was loaded for.
    """

    manifest: ModelManifest
    ladder: tuple[Segmenter, ...]
    parameters: NodeParameters

    @property
    def label_space(self) -> LabelSpace:
        """Say what its train ids mean."""
        return self.ladder[0].label_space

    def describe(self) -> str:
        """Say in a word what runs: ``'df1_camvid on torch/cpu/float32'``."""
        return f'{self.manifest.name} on {self.device}'

    @property
    def device(self) -> str:
        """Say what it runs on: ``'torch/cpu/float32'``."""
        backend = self.ladder[0].backend
        return f'{backend.name}/{backend.device}/{backend.precision}'

    @property
    def preparing(self) -> str:
        """Name what it is to run on once that is ready: ``'tensorrt/cuda/float16'``; '' is nothing."""
        backend = self.ladder[0].backend
        return backend.preparing if isinstance(backend, BackendWithStandIn) else ''

    def close(self) -> None:
        """Free its memory, the device's too."""
        self.ladder[0].close()

    def shares_with(self, other: LoadedModel | None) -> bool:
        """Say whether both run on the same weights."""
        return other is not None and other.ladder[0].backend is self.ladder[0].backend


def load(parameters: NodeParameters, base: LoadedModel | None, frame_hws: Iterable[tuple[int, int]]) -> LoadedModel:
    """Load a model, and run it until it is warm.

    Args:
        parameters: Say which, and on what.
        base: Loaded already, and whose weights shall run at another size; None loads them.
        frame_hws: Sizes of the frames that are to come, as far as known.

    Raises:
        ValueError: One sentence about a model, or what it shall run on, that is not there or not right.
    """
    with ExitStack() as loaded:
        if base is not None:
            segmenter = base.ladder[0].with_size(size_rule(parameters, base.manifest))
        else:
            segmenter = Segmenter.from_model(
                choose_model(parameters.model, parameters.backbone),
                backend=parameters.backend,
                device=parameters.device,
                precision=parameters.precision,
                input_hw=parameters.input_hw,
                threads=parameters.threads or default_threads(),
                at_once=parameters.stand_in,
            )
            loaded.callback(segmenter.close)
        assert segmenter.manifest is not None
        ladder = segmenter.ladder(RUNGS) if parameters.target_latency_ms else (segmenter,)
        for rung in ladder:
            for frame_hw in set(frame_hws) or {_TYPICAL_FRAME_HW}:
                rung.warm_up(frame_hw)
        # Its memory is not freed, unless one of them failed.
        loaded.pop_all()
        return LoadedModel(segmenter.manifest, ladder, parameters)


def default_threads() -> int:
    """Give how many CPU threads a network has unless the user says so: all cores but one, where there are four or more.

    The threads of a network wait for the last of them many times in a frame. Where a camera's driver or the middleware
    takes a core from one, all stand still, and a free core costs less than that.
    """
    if 'OMP_NUM_THREADS' in os.environ or _ALL_THREADS < _FEWEST_TO_LEAVE_ONE:
        return _ALL_THREADS
    return _ALL_THREADS - 1


def differ(one: NodeParameters, other: NodeParameters) -> bool:
    """Say whether two sets of parameters ask for models that are loaded differently."""
    return any(getattr(one, name) != getattr(other, name) for name in RELOADS)


def differ_in_weights(one: NodeParameters, other: NodeParameters) -> bool:
    """Say whether two sets of parameters ask for other weights, or for the same ones elsewhere."""
    return any(getattr(one, name) != getattr(other, name) for name in RELOADS if name not in _SIZES)
