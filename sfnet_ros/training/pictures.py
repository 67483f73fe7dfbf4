"""The pictures of a run, decoded."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import cv2
import numpy as np
import torch

from sfnet_ros.datasets import Sample
from sfnet_ros.datasets.check import refuse_damaged
from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.transforms import Bytes

logger = logging.getLogger(__name__)

# A class is rare when it covers less than this share of the labelled pixels.
_RARE_SHARE = 0.03


class Labelled(Protocol):
    """Labelled pictures, by their position."""

    @property
    def label_space(self) -> LabelSpace: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Sample: ...


class Pictures:
    """The pictures of a data set, decoded once and kept as far as memory allows: each is asked for in every epoch.

    Args:
        dataset: What is trained on; all of it is read here, so that a damaged file is known before training begins.
        num_classes: Classes to count.
        long_side: Long side in px that pictures are resized to; 0: they are left as they are.
        cache_gib: Memory that pictures are kept in; the rest is read from disk each time.

    Raises:
        ValueError: Pictures cannot be used, which are listed; or there is nothing of any class.
    """

    def __init__(self, dataset: Labelled, num_classes: int, long_side: int = 0, cache_gib: float = 4.0) -> None:
        self._dataset = dataset
        self._long_side = long_side
        self._kept: list[tuple[Bytes, Bytes]] = []
        self.pixel_counts = torch.zeros(num_classes, dtype=torch.long)
        used, problems = 0, list[str]()
        for found in self._read_all():
            if isinstance(found, str):
                problems.append(found)
                continue
            image, target = found
            self.pixel_counts += torch.from_numpy(np.bincount(target.ravel(), minlength=256)[:num_classes])
            used += image.nbytes + target.nbytes
            if used <= cache_gib * 2**30:
                self._kept.append((image, target))
        refuse_damaged(problems, len(dataset))
        if not self.pixel_counts.any():
            raise ValueError(
                f'none of the {len(dataset)} label maps has a pixel of a class of {dataset.label_space.name}; '
                'their values are label ids, one byte a pixel: check label_space'
            )
        logger.info('%d pictures, %d of them in memory', len(dataset), len(self._kept))

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> tuple[Bytes, Bytes]:
        """Give a picture ``(H, W, 3)`` uint8 and its train ids ``(H, W)`` uint8."""
        return self._kept[index] if index < len(self._kept) else self._read(index)

    def _read_all(self) -> Iterator[tuple[Bytes, Bytes] | str]:
        # Decoding releases the interpreter's lock. A few at a time, as what is decoded waits in memory.
        threads = os.cpu_count() or 1
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(self), 4 * threads):
                yield from pool.map(self._read_or_tell, range(start, min(start + 4 * threads, len(self))))

    def _read_or_tell(self, index: int) -> tuple[Bytes, Bytes] | str:
        try:
            return self._read(index)
        except ValueError as error:
            return str(error)

    def _read(self, index: int) -> tuple[Bytes, Bytes]:
        sample = self._dataset[index]
        image, target = sample.image, sample.target
        height, width = target.shape
        if self._long_side and max(height, width) != self._long_side:
            factor = self._long_side / max(height, width)
            size = (max(1, round(width * factor)), max(1, round(height * factor)))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
            target = np.asarray(cv2.resize(target, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
        return image, target

    @property
    def rare_classes(self) -> list[int]:
        """Train ids that occur, and seldom."""
        share = self.pixel_counts / self.pixel_counts.sum().clamp(min=1)
        return [int(train_id) for train_id in ((share > 0) & (share < _RARE_SHARE)).nonzero()]
