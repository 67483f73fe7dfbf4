"""Densely connected atrous convolutions in place of pyramid pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sfnet_ros.network.layers import conv1x1_bn_relu, conv3x3

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet

RATES = (3, 6, 12, 18, 24)


class DenseAtrousPyramidPooling(nn.Module):
    """Let each atrous convolution see the top feature and all before it: ``(N, in, h, w)`` to ``(N, out, h, w)``.

    Each adds half of ``out`` channels; convolution, batch norm and ReLU stand in this order, as everywhere here.

    Source: Yang et al. 2018 (DenseASPP), section 3; table 1(c) of the SFNet paper.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        growth = out_channels // 2
        self.atrous = nn.ModuleList(
            nn.Sequential(
                *conv1x1_bn_relu(in_channels + index * growth, out_channels),
                conv3x3(out_channels, growth, dilation=rate),
                nn.BatchNorm2d(growth),
                nn.ReLU(inplace=True),
                nn.Dropout2d(0.1),
            )
            for index, rate in enumerate(RATES)
        )
        self.project = conv1x1_bn_relu(in_channels + len(RATES) * growth, out_channels)

    def forward(self, top: Tensor) -> Tensor:
        seen = top
        for atrous in self.atrous:
            seen = torch.cat([seen, atrous(seen)], dim=1)
        return self.project(seen)  # type: ignore[no-any-return]


def use_dense_aspp(model: SFNet) -> None:
    """Replace the context module."""
    model.context = DenseAtrousPyramidPooling(model.backbone.channels[-1], model.config.decoder_width)
