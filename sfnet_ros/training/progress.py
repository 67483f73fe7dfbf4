"""What a person who waits for a run wants to know."""

from __future__ import annotations

import math
import time

import torch

from sfnet_ros.training.trainer import Trainer


class Progress:
    """Tell how a run goes and when it will be over.

    Args:
        trainer: The run; its time is counted from here on.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._began, self._first_step = time.monotonic(), trainer.step

    def line(self, loss: float, miou: float = math.nan) -> str:
        """Sum an epoch up: its loss, the score where there is one, the time left, and the GPU's memory."""
        trainer = self._trainer
        parts = [f'loss {loss:.3f}']
        if math.isfinite(miou):
            parts.append(f'mIoU {100 * miou:.1f}')
        if not trainer.finished:
            parts.append(f'{duration(self._seconds_left())} left')
        if trainer.device.type == 'cuda':
            parts.append(f'{torch.cuda.max_memory_allocated(trainer.device) / 2**30:.1f} GiB on the GPU at most')
        return f'epoch {trainer.epoch}/{trainer.epochs}: {", ".join(parts)}'

    def _seconds_left(self) -> float:
        per_step = (time.monotonic() - self._began) / max(1, self._trainer.step - self._first_step)
        return per_step * (self._trainer.steps - self._trainer.step)


def duration(seconds: float) -> str:
    """Write a time as people say it: 40 s, 25 min, 3 h 20 min."""
    if seconds < 90:
        return f'{seconds:.0f} s'
    hours, minutes = divmod(round(seconds / 60), 60)
    return f'{hours} h {minutes} min' if hours else f'{minutes} min'
