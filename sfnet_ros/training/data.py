"""From data sets to batches."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

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


class Pictures:
    """The pictures of a data set, decoded once and kept as far as memory allows: each is asked for in every epoch.

    Args:
        dataset: What is trained on; all of it is read here, so that a damaged file is known before training begins.
        num_classes: Classes to count.
        memory_bytes: What may be kept; the rest is read from disk each time.
    """

    def __init__(self, dataset: PairedFolders, num_classes: int, memory_bytes: int = 4 * 2**30) -> None:
        self._dataset = dataset
        self._kept: list[tuple[Tensor, Tensor]] = []
        self.pixel_counts = torch.zeros(num_classes, dtype=torch.long)
        used = 0
        for index in range(len(dataset)):
            image, target = self._read(index)
            self.pixel_counts += torch.bincount(target.flatten().long(), minlength=256)[:num_classes]
            used += image.nbytes + target.nbytes
            if used <= memory_bytes:
                self._kept.append((image, target))
        if not self.pixel_counts.any():
            raise ValueError(
                f'none of the {len(dataset)} label maps has a pixel of a class of {dataset.label_space.name}; '
                'their values are label ids, one byte a pixel: check label_space'
            )
        logger.info('%d pictures, %d of them in memory', len(dataset), len(self._kept))

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Give a picture ``(3, H, W)`` uint8 and its train ids ``(H, W)`` uint8."""
        return self._kept[index] if index < len(self._kept) else self._read(index)

    def _read(self, index: int) -> tuple[Tensor, Tensor]:
        sample = self._dataset[index]
        return torch.from_numpy(np.ascontiguousarray(sample.image.transpose(2, 0, 1))), torch.from_numpy(sample.target)

    @property
    def rare_classes(self) -> list[int]:
        """Train ids that occur, and seldom."""
        share = self.pixel_counts / self.pixel_counts.sum().clamp(min=1)
        return [int(train_id) for train_id in ((share > 0) & (share < _RARE_SHARE)).nonzero()]


class _Augmented(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, pictures: Pictures, augmentation: Augmentation) -> None:
        self._pictures = pictures
        self._augmentation = augmentation

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._augmentation(*self._pictures[index])


def batches(config: TrainingConfig, pictures: Pictures, zoom: float) -> Iterator[tuple[Tensor, Tensor]]:
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
        drop_last=len(pictures) >= config.batch_size,
    )
    yield from loader


def steps_per_epoch(config: TrainingConfig, pictures: Pictures) -> int:
    """Count the batches of an epoch."""
    return max(1, len(pictures) // config.batch_size)


def _collate(samples: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    images, targets = zip(*samples, strict=True)
    return torch.stack(images).permute(0, 2, 3, 1), torch.stack(targets).long()
