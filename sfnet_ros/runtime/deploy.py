"""What every backend runs: camera pixels in, label map and confidence out, as one graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network import SFNet
from sfnet_ros.network.normalize import PixelNormalizer


class DeployModel(nn.Module):
    """Label every pixel, and say how sure the network is of it.

    Args:
        model: The network, put in evaluation mode here.
        normalizer: From pixels to the network's input.
        temperature: What logits are divided by before the softmax of the confidence; above 1 it becomes more modest.
    """

    def __init__(self, model: SFNet, normalizer: PixelNormalizer, temperature: float = 1.0) -> None:
        super().__init__()
        self.model = model
        self.normalizer = normalizer
        self.temperature = temperature
        self.eval()

    def forward(self, pixels: Tensor, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Segment a batch.

        Args:
            pixels: RGB, ``(N, H, W, 3)`` uint8, at the network's size.
            output_hw: Size of what comes out; the logits are interpolated once, straight to it.

        Returns:
            The label map in train ids and the confidence, 255 times the probability of that class: both
            ``(N, *output_hw)`` uint8.

        Raises:
            ValueError: ``pixels`` are of another type or shape.
        """
        if pixels.dtype != torch.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape:
            raise ValueError(
                f'pixels are {_name(pixels.dtype)} of shape {tuple(pixels.shape)}; uint8 of (N, H, W, 3) is accepted'
            )
        grid = self.model.grid_logits(self.normalizer(pixels))
        # Under autocast the grid is bfloat16, whose eight bits would make neighbouring classes tie. On the coarse grid
        # the temperature costs next to nothing, and at 1 it changes no bit.
        grid = grid.float() / self.temperature
        logits = functional.interpolate(grid, size=output_hw, mode='bilinear', align_corners=True)
        best, label_map = logits.max(dim=1)
        # The best class's softmax is 1 / sum(exp(logit - best)): in place, as these K channels are most of the memory.
        probability = logits.sub_(best.unsqueeze(1)).exp_().sum(dim=1).reciprocal_()
        return label_map.to(torch.uint8), probability.mul_(255).round_().to(torch.uint8)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix('torch.')
