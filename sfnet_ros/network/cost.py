"""What a network costs, told from its shapes."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from sfnet_ros.network.variants.correlation import Correlation


def parameters(model: nn.Module) -> int:
    """Count the numbers that training finds."""
    return sum(parameter.numel() for parameter in model.parameters())


def multiply_accumulates(model: nn.Module, input_hw: tuple[int, int]) -> int:
    """Count the multiply-accumulates that a network does for one picture ``(1, 3, *input_hw)``.

    They are those of convolutions, linear layers and products of matrices, without biases; norms, activations, pooling,
    resizes and warps are left out, as in what is published. Nothing is computed: a copy of the network runs on torch's
    meta device, which knows shapes alone.
    """
    correlated: list[int] = []

    def count(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        # Of each output, a product for each channel; torch's counter passes over products element by element.
        correlated.append(output.numel() * inputs[0].shape[1])

    shapes_alone = copy.deepcopy(model).to('meta').eval()
    for module in list(shapes_alone.modules()):
        if isinstance(module, Correlation):
            module.register_forward_hook(count)
        for name, child in module.named_children():
            if isinstance(child, (nn.BatchNorm2d, nn.ReLU, nn.ReLU6)):
                # They change no shape, and take most of the time there.
                setattr(module, name, nn.Identity())
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        shapes_alone(torch.empty((1, 3, *input_hw), device='meta'))
    # It counts a multiplication and an addition as two.
    return int(counter.get_total_flops()) // 2 + sum(correlated)
