"""From pictures to batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sfnet_ros.datasets.class_tiles import Draw
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.distributed import ALONE, Processes
from sfnet_ros.training.pictures import Pictures
from sfnet_ros.training.randomness import Purpose, seed_for
from sfnet_ros.training.sampling import Sampler, shuffled
from sfnet_ros.training.transforms import Augmentation, Bytes

# Pixels and targets of one part of a batch: (n, H, W, 3) and (n, H, W), both uint8.
Part = tuple[Tensor, Tensor]


class _Place(NamedTuple):
    """Where in a run a picture is shown, and what of it."""

    epoch: int
    position: int
    draw: Draw
    zoom: float


# Given rather than raised: torch would send what a worker raises on as a long text around its traceback.
_Unreadable = ValueError | OSError


class _Crops(Dataset[tuple[Bytes, Bytes] | _Unreadable]):
    """Pictures, each changed by random numbers that depend on its place in the run alone."""

    def __init__(self, pictures: Pictures, config: TrainingConfig) -> None:
        self._pictures = pictures
        self._seed = config.seed
        self._augmentation = Augmentation(config.augment, pictures.rare_classes)

    def __getitem__(self, place: _Place) -> tuple[Bytes, Bytes] | _Unreadable:
        generator = np.random.default_rng(seed_for(Purpose.AUGMENTATION, self._seed, place.epoch, place.position))
        try:
            image, target = self._pictures[place.draw.index]
        except (ValueError, OSError) as error:
            return error
        return self._augmentation(image, target, generator, place.draw.center, place.zoom)


class Batches:
    """All batches of a run; each process gets its share of every one, in ``config.accumulate`` parts.

    Args:
        config: The run.
        pictures: What is trained on.
        processes: Who shares a batch.
        sampler: Which pictures an epoch shows; None: each once.

    Raises:
        ValueError: There are fewer pictures than parts of a batch.
    """

    def __init__(
        self,
        config: TrainingConfig,
        pictures: Pictures,
        processes: Processes = ALONE,
        sampler: Sampler | None = None,
    ) -> None:
        self._config = config
        self._pictures = pictures
        self._sampler = sampler or shuffled(len(pictures))
        self._parts = processes.count * config.accumulate
        self._first_part = processes.rank * config.accumulate
        count = len(self._draws(0))
        # Pictures that fill no batch are left over, unless they are all there are.
        self.steps_per_epoch = max(1, count // config.batch_size)
        least = 1 if config.freeze_batch_norm or (processes.count > 1 and torch.cuda.is_available()) else 2
        if min(count, config.batch_size) < least * self._parts:
            raise ValueError(
                f'a batch of {min(count, config.batch_size)} pictures is too small for {self._parts} parts (processes '
                f'times accumulate) of {least} or more, which batch norm needs; use fewer parts, or a larger batch_size'
            )
        self.workers = min(config.workers, os.cpu_count() or 1)
        # The parts of the epoch that is on; the workers stay from one to the next.
        self._next: list[list[_Place]] = []
        self._loader = DataLoader(
            _Crops(pictures, config),
            batch_sampler=self._next,
            num_workers=self.workers,
            collate_fn=_collate,
            pin_memory=torch.cuda.is_available(),
            persistent_workers=self.workers > 0,
        )

    def epoch(self, epoch: int, zoom: float = 1.0, skip: int = 0) -> Iterator[list[Part]]:
        """Yield this process's parts of each batch of an epoch, but for the first ``skip`` batches.

        Args:
            epoch: Which one.
            zoom: Everything is seen this much larger.
            skip: Batches that a run was through with before it was broken off.

        Raises:
            ValueError: A picture that was there before cannot be read any more.
        """
        draws = self._draws(epoch)
        places = [_Place(epoch, position, draw, zoom) for position, draw in enumerate(draws)]
        self._next[:] = [
            [places[position] for position in part]
            for step in range(skip, self.steps_per_epoch)
            for part in self._own_parts(step, len(draws))
        ]
        with _opencv_without_threads():
            loaded = iter(self._loader)
        for _ in range(skip, self.steps_per_epoch):
            yield [_loaded(next(loaded)) for _ in range(self._config.accumulate)]

    def _draws(self, epoch: int) -> list[Draw]:
        return self._sampler(np.random.default_rng(seed_for(Purpose.ORDER, self._config.seed, epoch)))

    def _own_parts(self, step: int, count: int) -> list[list[int]]:
        start = step * self._config.batch_size
        batch = np.arange(start, min(start + self._config.batch_size, count))
        parts = np.array_split(batch, self._parts)[self._first_part :]
        return [part.tolist() for part in parts[: self._config.accumulate]]


@contextmanager
def _opencv_without_threads() -> Iterator[None]:
    """Let workers be forked: OpenCV in them would wait for ever for threads that this process alone has."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _collate(samples: Sequence[tuple[Bytes, Bytes] | _Unreadable]) -> Part | _Unreadable:
    crops = []
    for sample in samples:
        if not isinstance(sample, tuple):
            return sample
        crops.append(sample)
    images, targets = zip(*crops, strict=True)
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(targets))


def _loaded(part: Part | _Unreadable) -> Part:
    if not isinstance(part, tuple):
        raise part
    return part
