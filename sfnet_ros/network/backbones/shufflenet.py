"""ShuffleNetV2 at its plain width (1x).

Source: Ma et al. 2018, table 5; table 1(d) of the SFNet paper.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.layers import conv1x1_bn_relu, conv3x3_bn_relu, depthwise3x3


class ShuffleUnit(nn.Module):
    """Work on half of the channels, keep the other half, and mix the two: ``(N, C, h, w)`` to the same shape.

    Source: Ma et al. 2018, figure 3(c).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = _branch(channels // 2, channels // 2)

    def forward(self, feature: Tensor) -> Tensor:
        kept, worked_on = feature.chunk(2, dim=1)
        return _shuffled(kept, self.branch(worked_on))


class ShuffleDownUnit(nn.Module):
    """Work on all channels twice, at half the size: ``(N, in, h, w)`` to ``(N, out, ceil(h / 2), ceil(w / 2))``.

    Source: Ma et al. 2018, figure 3(d).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.branch = _branch(in_channels, half, stride=2)
        self.shortcut = nn.Sequential(
            depthwise3x3(in_channels, stride=2), nn.BatchNorm2d(in_channels), *conv1x1_bn_relu(in_channels, half)
        )

    def forward(self, feature: Tensor) -> Tensor:
        return _shuffled(self.shortcut(feature), self.branch(feature))


class ShuffleNetV2(Backbone):
    """Four maps at 1/4, 1/8, 1/16 and 1/32; without the last 1x1 convolution, which serves the classifier."""

    strides = (4, 8, 16, 32)
    channels = (24, 116, 232, 464)

    def __init__(self) -> None:
        super().__init__()
        c2, c3, c4, c5 = self.channels
        self.stem = nn.Sequential(*conv3x3_bn_relu(3, c2, stride=2), nn.MaxPool2d(3, stride=2, padding=1))
        self.stage2, self.stage3, self.stage4 = _stage(c2, c3, 4), _stage(c3, c4, 8), _stage(c4, c5, 4)

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        c2 = self.stem(batch)
        c3 = self.stage2(c2)
        c4 = self.stage3(c3)
        return c2, c3, c4, self.stage4(c4)


def _stage(in_channels: int, out_channels: int, count: int) -> nn.Sequential:
    first = ShuffleDownUnit(in_channels, out_channels)
    return nn.Sequential(first, *(ShuffleUnit(out_channels) for _ in range(count - 1)))


def _branch(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        *conv1x1_bn_relu(in_channels, out_channels),
        depthwise3x3(out_channels, stride),
        nn.BatchNorm2d(out_channels),
        *conv1x1_bn_relu(out_channels, out_channels),
    )


def _shuffled(one: Tensor, other: Tensor) -> Tensor:
    """Take channels of two maps in turn."""
    return torch.stack((one, other), dim=2).flatten(1, 2)
