"""From camera pixels to network input."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sfnet_ros.network.imagenet import IMAGENET_MEAN, IMAGENET_STD


class PixelNormalizer(nn.Module):
    """Map RGB pixels ``(N, H, W, 3)`` uint8 to network input ``(N, 3, H, W)`` float32, ``(rgb / 255 - mean) / std``."""

    scale: Tensor
    offset: Tensor

    def __init__(self, mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD) -> None:
        super().__init__()
        deviation = torch.tensor(std, dtype=torch.float64)
        scale = 1.0 / (255.0 * deviation)
        offset = -torch.tensor(mean, dtype=torch.float64) / deviation
        self.register_buffer('scale', scale.float().view(3, 1, 1), persistent=False)
        self.register_buffer('offset', offset.float().view(3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        # Floats first: of a graph's bytes TensorRT takes nothing else.
        return pixels.to(torch.float32).permute(0, 3, 1, 2) * self.scale + self.offset
