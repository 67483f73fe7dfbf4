"""Learning rate and weight averaging over a run."""

from __future__ import annotations

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def poly_with_warmup(step: int, steps: int, warmup_steps: int, power: float) -> float:
    """Give the factor on the learning rate at a step: a linear rise, then ``(1 - step / steps) ** power``.

    Source: section 4.1, the "poly" policy.
    """
    rise = min(1.0, (step + 1) / max(1, warmup_steps))
    return float(rise * max(0.0, 1.0 - step / steps) ** power)


def averaged_model(model: nn.Module, decay: float) -> AveragedModel:
    """Keep an exponential mean of weights and batch-norm statistics.

    The mean forgets faster at the start, where the weights still travel far.
    """

    def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        if not averaged.is_floating_point():
            return current
        rate = min(decay, (1.0 + float(count)) / (10.0 + float(count)))
        return averaged.lerp(current, 1.0 - rate)

    return AveragedModel(model, avg_fn=average, use_buffers=True)
