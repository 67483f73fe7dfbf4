"""Atrous spatial pyramid pooling in place of pyramid pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network.layers import conv1x1_bn_relu, conv3x3, resize_bilinear

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet

RATES = (6, 12, 18)


class AtrousPyramidPooling(nn.Module):
    """See the top feature through 3x3 convolutions of growing dilation: ``(N, in, h, w)`` to ``(N, out, h, w)``.

    Source: Chen et al. 2017 (DeepLabv3), figure 5, with its rates at stride 16; table 1(c) of the SFNet paper.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.point = conv1x1_bn_relu(in_channels, out_channels)
        self.atrous = nn.ModuleList(
            nn.Sequential(
                conv3x3(in_channels, out_channels, dilation=rate), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)
            )
            for rate in RATES
        )
        # Without batch norm, which has nothing to take statistics of where a batch of one is averaged to one pixel.
        self.image = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), nn.ReLU(inplace=True))
        self.project = conv1x1_bn_relu((2 + len(RATES)) * out_channels, out_channels)
        self.dropout = nn.Dropout2d(0.1)

    def forward(self, top: Tensor) -> Tensor:
        image = resize_bilinear(self.image(functional.adaptive_avg_pool2d(top, 1)), (top.shape[-2], top.shape[-1]))
        seen = torch.cat([self.point(top), *(atrous(top) for atrous in self.atrous), image], dim=1)
        return self.dropout(self.project(seen))  # type: ignore[no-any-return]


def use_aspp(model: SFNet) -> None:
    """Replace the context module."""
    model.context = AtrousPyramidPooling(model.backbone.channels[-1], model.config.decoder_width)
