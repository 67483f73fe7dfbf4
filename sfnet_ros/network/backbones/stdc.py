"""STDC1 and STDC2, whose blocks concatenate what they saw at growing receptive fields.

Source: Fan et al., "Rethinking BiSeNet for Real-time Semantic Segmentation", CVPR 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.layers import conv1x1_bn_relu, conv3x3_bn_relu, depthwise3x3


class ShortTermDenseConcatenation(nn.Module):
    """Concatenate four steps, 1/2, 1/4, 1/8 and 1/8 of ``out`` channels wide: ``(N, in, h, w)`` to ``(N, out, ...)``.

    With stride 2, the second step begins with a depthwise convolution of that stride, and the first is averaged.

    Source: Fan et al. 2021, figure 3.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        first, second, third = out_channels // 2, out_channels // 4, out_channels // 8
        self.convs = nn.ModuleList(
            [
                conv1x1_bn_relu(in_channels, first),
                conv3x3_bn_relu(first, second),
                conv3x3_bn_relu(second, third),
                conv3x3_bn_relu(third, third),
            ]
        )
        self.down: nn.Module = nn.Identity()
        self.average: nn.Module = nn.Identity()
        if stride == 2:
            self.down = nn.Sequential(depthwise3x3(first, stride), nn.BatchNorm2d(first))
            self.average = nn.AvgPool2d(3, stride, padding=1)

    def forward(self, feature: Tensor) -> Tensor:
        begin, *further = self.convs
        first = begin(feature)
        steps, last = [self.average(first)], self.down(first)
        for conv in further:
            last = conv(last)
            steps.append(last)
        return torch.cat(steps, dim=1)


class STDC(Backbone):
    """An STDC of four maps at 1/4, 1/8, 1/16 and 1/32.

    Args:
        counts: Blocks in each of the three stages after the two strided convolutions of the stem.
    """

    strides = (4, 8, 16, 32)
    channels = (64, 256, 512, 1024)

    def __init__(self, counts: tuple[int, int, int]) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv3x3_bn_relu(3, 32, stride=2), conv3x3_bn_relu(32, 64, stride=2))
        self.stage3, self.stage4, self.stage5 = (
            _stage(self.channels[index], self.channels[index + 1], count) for index, count in enumerate(counts)
        )

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        c2 = self.stem(batch)
        c3 = self.stage3(c2)
        c4 = self.stage4(c3)
        return c2, c3, c4, self.stage5(c4)


def _stage(in_channels: int, out_channels: int, count: int) -> nn.Sequential:
    first = ShortTermDenseConcatenation(in_channels, out_channels, stride=2)
    rest = (ShortTermDenseConcatenation(out_channels, out_channels, stride=1) for _ in range(count - 1))
    return nn.Sequential(first, *rest)
