"""A run made small enough to be over in a second: what a config describes works, before hours are spent on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from sfnet_ros.datasets import Sample
from sfnet_ros.labels import LabelSpace
from sfnet_ros.network import create_model
from sfnet_ros.network.cost import parameters
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.distributed import ALONE, Processes
from sfnet_ros.training.trainer import Trainer

_STEPS = 2
_CROP_HW = (64, 64)
_PICTURES_A_PART = 2
_PICTURE_HW = (96, 128)


@dataclass(frozen=True)
class DryRun:
    """What became of a small run.

    Args:
        config: The run as it was made small.
        losses: Of its steps.
        parameters: Of its network, with what is there for training alone.
    """

    config: TrainingConfig
    losses: list[float]
    parameters: int


class GeneratedPictures:
    """Pictures of noise, labelled in blocks by every class in turn."""

    def __init__(self, label_space: LabelSpace, count: int) -> None:
        self.label_space = label_space
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Sample:
        image = np.random.default_rng(index).integers(0, 256, (*_PICTURE_HW, 3), np.uint8)
        block = np.arange(_PICTURE_HW[0])[:, None] // 16 * 8 + np.arange(_PICTURE_HW[1]) // 16
        target = ((block + index) % (self.label_space.num_classes + 1)).astype(np.uint8)
        target[target == self.label_space.num_classes] = LabelSpace.ignore_index
        return Sample(f'generated_{index}', image, target)


def dry_run(
    config: TrainingConfig, label_space: LabelSpace, device: torch.device, processes: Processes = ALONE
) -> DryRun:
    """Train two steps on generated pictures, from fresh weights; teachers are stood in for by fresh networks.

    Raises:
        ValueError: A step fails.
    """
    small = shrunk(config, processes.count)
    pictures = GeneratedPictures(label_space, 2 * small.batch_size)
    teachers = [create_model(config.network) for _ in config.distillation.teachers]
    trainer = Trainer(small, pictures, None, device, processes, teachers)
    losses = list(trainer.run_epoch())
    return DryRun(small, losses, parameters(trainer.model))


def shrunk(config: TrainingConfig, processes: int) -> TrainingConfig:
    """Give a run of two steps with the same network, loss and schedule, but small crops and a small batch."""
    accumulate = min(2, config.accumulate)
    return replace(
        config,
        augment=replace(config.augment, crop_hw=_CROP_HW),
        data=replace(config.data, long_side=0),
        init='',
        backbone_weights='',
        iterations=_STEPS,
        batch_size=_PICTURES_A_PART * accumulate * processes,
        accumulate=accumulate,
        finish_fraction=0.0,
        compile='',
        threads=0,
        workers=0,
    )
