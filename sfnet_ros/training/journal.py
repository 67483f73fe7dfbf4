"""Curves and pictures of a run, for TensorBoard."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.evaluation import ConfusionMatrix

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from sfnet_ros.training.trainer import Trainer

logger = logging.getLogger(__name__)

_ALL_STEPS_UP_TO = 1000
# Whole frames of Cityscapes would make gigabytes of a run, and no browser shows them.
_PICTURE_WIDTH = 1536


class Validation(NamedTuple):
    """What a validation found.

    Args:
        scores: Over the whole split.
        pictures: RGB, ``(H, W, 3)`` uint8, for people to look at.
    """

    scores: ConfusionMatrix
    pictures: Sequence[NDArray[np.uint8]] = ()


class Journal:
    """Write event files; a resumed run goes on where it was broken off.

    Args:
        folder: Where they are put.
        class_names: By train id.
        step: Step that the run is at; what was written of later ones is dropped.
    """

    def __init__(self, folder: Path, class_names: Sequence[str], step: int = 0) -> None:
        self._class_names = class_names
        self._writer = _summary_writer(folder, step)

    def step(self, trainer: Trainer, loss: float) -> None:
        """Note the loss and learning rate of a step, of long runs those of every tenth."""
        if trainer.step % 10 == 0 or trainer.steps < _ALL_STEPS_UP_TO:
            self._writer.add_scalar('train/loss', loss, trainer.step)
            self._writer.add_scalar('train/lr', trainer.lr, trainer.step)

    def validation(self, trainer: Trainer, validation: Validation) -> None:
        """Note scores and pictures."""
        scores, step = validation.scores, trainer.step
        self._writer.add_scalar('validation/mIoU', scores.miou, step)
        for name, iou in zip(self._class_names, scores.iou_per_class, strict=True):
            if np.isfinite(iou):
                self._writer.add_scalar(f'validation IoU/{name}', iou, step)
        for index, picture in enumerate(validation.pictures):
            self._writer.add_image(f'validation/picture {index}', _shrunk(picture), step, dataformats='HWC')
        self.flush()

    def flush(self) -> None:
        """Write what was noted so far, so that a kill does not lose it."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()


def open_journal(folder: Path, class_names: Sequence[str], step: int) -> Journal | None:
    """Open a journal where TensorBoard is installed; where it is not, say so once and give none."""
    try:
        return Journal(folder, class_names, step)
    except ImportError:
        logger.info("no curves are written: pip install 'sfnet_ros[tensorboard]', or set tensorboard: false")
        return None


def _summary_writer(folder: Path, step: int) -> SummaryWriter:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)


def _shrunk(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if width <= _PICTURE_WIDTH:
        return picture
    size = (_PICTURE_WIDTH, max(1, round(height * _PICTURE_WIDTH / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
