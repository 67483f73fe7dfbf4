"""The context module on the top feature."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network.layers import conv1x1, conv1x1_bn_relu, resize_bilinear

BINS = (1, 2, 3, 6)


class PyramidPooling(nn.Module):
    """Add the averages over 1x1, 2x2, 3x3 and 6x6 grids to the top feature: ``(N, in, h, w)`` to ``(N, out, h, w)``.

    The pooled branches have batch norm and, as in the released code, no ReLU.

    Source: Zhao et al. 2017 (PSPNet), figure 3; section 3.3 of the SFNet paper.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(conv1x1(in_channels, out_channels), nn.BatchNorm2d(out_channels)) for _ in BINS
        )
        self.project = conv1x1_bn_relu(in_channels + len(BINS) * out_channels, out_channels)
        self.dropout = nn.Dropout2d(0.1)

    def forward(self, top: Tensor) -> Tensor:
        size_hw = (top.shape[-2], top.shape[-1])
        pooled = [
            resize_bilinear(branch(functional.adaptive_avg_pool2d(top, bins)), size_hw)
            for bins, branch in zip(BINS, self.branches, strict=True)
        ]
        projected: Tensor = self.project(torch.cat([*pooled, top], dim=1))
        return self.dropout(projected)  # type: ignore[no-any-return]
