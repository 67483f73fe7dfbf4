"""Whether the loading of pictures keeps up with the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.pictures import Labelled
from sfnet_ros.training.trainer import Trainer

# Of each; a CPU takes no larger batch at once, and pictures a second are what is asked for.
_PICTURES = 2


@dataclass(frozen=True)
class LoadingSpeed:
    """Pictures a second.

    Args:
        loaded: That the loader alone delivers, read and augmented.
        trained: That the network alone takes, forward and backward.
        workers: Processes that the loader has here.
    """

    loaded: float
    trained: float
    workers: int


def measure_loading(config: TrainingConfig, dataset: Labelled, device: torch.device, seconds: float) -> LoadingSpeed:
    """Time the loader and the network one after the other, each alone.

    Args:
        config: The run; batches are of two pictures.
        dataset: What is trained on.
        device: Where the network is.
        seconds: For each of the two.
    """
    small = replace(config, batch_size=_PICTURES, accumulate=1, init='', backbone_weights='')
    trainer = Trainer(small, dataset, None, device)
    batches = (parts for epoch in range(10**6) for parts in trainer.batches.epoch(epoch))
    # The first batch waits for the workers to start.
    parts = next(batches)
    loaded = _per_second(lambda: next(batches), seconds)
    trainer.model.train()
    trainer.train_step(parts)
    trained = _per_second(lambda: trainer.train_step(parts), seconds)
    return LoadingSpeed(loaded, trained, trainer.batches.workers)


def _per_second(batch: Callable[[], object], seconds: float) -> float:
    began, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        batch()
        count += 1
    return count * _PICTURES / passed
