"""From data sets to batches."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sfnet_ros.datasets import PairedFolders
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.transforms import Augmentation

logger = logging.getLogger(__name__)

# A class is rare when it covers less than this share of the labelled pixels.
_RARE_SHARE = 0.03


class DecodedPictures:
    """All pictures of a data set in memory, decoded once: small data sets are read again in every epoch."""

    def __init__(self, dataset: PairedFolders, num_classes: int) -> None:
        with ThreadPoolExecutor() as pool:
            samples = list(pool.map(dataset.__getitem__, range(len(dataset))))
        self.images = [torch.from_numpy(np.ascontiguousarray(sample.image.transpose(2, 0, 1))) for sample in samples]
        self.targets = [torch.from_numpy(sample.target) for sample in samples]
        self.pixel_counts = sum(
            (torch.bincount(target.flatten().long(), minlength=256)[:num_classes] for target in self.targets),
            torch.zeros(num_classes, dtype=torch.long),
        )
        megabytes = sum(picture.nbytes for picture in (*self.images, *self.targets)) / 2**20
        logger.info('%d pictures in memory, %.0f MB', len(samples), megabytes)

    @property
    def rare_classes(self) -> list[int]:
        """Train ids that occur, and seldom."""
        share = self.pixel_counts / self.pixel_counts.sum().clamp(min=1)
        return [int(train_id) for train_id in ((share > 0) & (share < _RARE_SHARE)).nonzero()]


class _Augmented(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, pictures: DecodedPictures, augmentation: Augmentation) -> None:
        self._pictures = pictures
        self._augmentation = augmentation

    def __len__(self) -> int:
        return len(self._pictures.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._augmentation(self._pictures.images[index], self._pictures.targets[index])


def batches(config: TrainingConfig, pictures: DecodedPictures, zoom: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield one epoch of shuffled, augmented batches, drawn from torch's global generator.

    Yields:
        Pixels ``(N, H, W, 3)`` uint8 and targets ``(N, H, W)`` int64.
    """
    loader = DataLoader(
        _Augmented(pictures, Augmentation(config.augment, pictures.rare_classes, zoom)),
        batch_size=config.batch_size,
        shuffle=True,
        num_workers=config.workers,
        collate_fn=_collate,
        drop_last=len(pictures.images) >= config.batch_size,
    )
    yield from loader


def steps_per_epoch(config: TrainingConfig, pictures: DecodedPictures) -> int:
    """Count the batches of an epoch."""
    return max(1, len(pictures.images) // config.batch_size)


def _collate(samples: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    images, targets = zip(*samples, strict=True)
    return torch.stack(images).permute(0, 2, 3, 1), torch.stack(targets).long()
