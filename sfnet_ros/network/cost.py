"""What a network costs, told from its shapes."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def multiply_accumulates(model: nn.Module, input_hw: tuple[int, int]) -> int:
    """Count the multiply-accumulates that a network does for one picture ``(1, 3, *input_hw)``.

    They are those of convolutions and linear layers, without their biases; norms, activations, pooling, resizes and
    warps are left out, as in what is published. Nothing is computed: a copy of the network runs on torch's meta device,
    which knows shapes alone.
    """
    counts: list[int] = []

    def count(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        # All weights but the axis of the outputs: what each output is a sum over.
        assert isinstance(module.weight, Tensor)
        counts.append(output.numel() * module.weight[0].numel())

    shapes_alone = copy.deepcopy(model).to('meta').eval()
    for module in shapes_alone.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    with torch.inference_mode():
        shapes_alone(torch.empty((1, 3, *input_hw), device='meta'))
    return sum(counts)
