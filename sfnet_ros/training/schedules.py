"""Learning rate and weight averaging over a run."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_Tensors = tuple[Tensor, ...] | list[Tensor]


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

    # All tensors of one kind at once: on a GPU, a launch for each of hundreds would take longer than the step.
    def average(averaged: _Tensors, current: _Tensors, count: Tensor | int) -> None:
        if averaged[0].is_floating_point():
            rate = min(decay, (1.0 + float(count)) / (10.0 + float(count)))
            torch._foreach_lerp_(averaged, current, 1.0 - rate)
        else:
            torch._foreach_copy_(averaged, current)

    return AveragedModel(model, multi_avg_fn=average, use_buffers=True)
