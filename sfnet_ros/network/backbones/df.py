"""DF1 and DF2, the light backbones found by partial order pruning.

Source: Li et al., "Partial Order Pruning", CVPR 2019; layer table as in the authors' released SFNet.
"""

from __future__ import annotations

from torch import Tensor, nn

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.backbones.blocks import BasicBlock, stack
from sfnet_ros.network.layers import conv3x3


def _stem() -> nn.Sequential:
    """Two strided convolutions: ``(N, 3, H, W)`` to ``(N, 64, H / 4, W / 4)``."""
    return nn.Sequential(
        conv3x3(3, 32, stride=2),
        nn.BatchNorm2d(32),
        nn.ReLU(inplace=True),
        conv3x3(32, 64, stride=2),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
    )


class DF1(Backbone):
    """DF1: five maps, of which the released decoder uses those from 1/16 on."""

    strides = (4, 8, 16, 32, 32)
    channels = (64, 64, 128, 256, 512)

    def __init__(self) -> None:
        super().__init__()
        self.stem = _stem()
        self.stage2 = stack(BasicBlock, 64, 64, count=3, stride=2)
        self.stage3 = stack(BasicBlock, 64, 128, count=3, stride=2)
        self.stage4 = stack(BasicBlock, 128, 256, count=3, stride=2)
        self.stage5 = stack(BasicBlock, 256, 512, count=1)

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        c2 = self.stem(batch)
        c3 = self.stage2(c2)
        c4 = self.stage3(c3)
        c5 = self.stage4(c4)
        return c2, c3, c4, c5, self.stage5(c5)


class DF2(Backbone):
    """DF2: four maps, of which the released decoder uses those from 1/8 on."""

    strides = (4, 8, 16, 32)
    channels = (64, 128, 256, 512)

    def __init__(self) -> None:
        super().__init__()
        self.stem = _stem()
        self.stage2_1 = stack(BasicBlock, 64, 64, count=2, stride=2)
        self.stage2_2 = stack(BasicBlock, 64, 128, count=1)
        self.stage3_1 = stack(BasicBlock, 128, 128, count=10, stride=2)
        self.stage3_2 = stack(BasicBlock, 128, 256, count=1)
        self.stage4_1 = stack(BasicBlock, 256, 256, count=4, stride=2)
        self.stage4_2 = stack(BasicBlock, 256, 512, count=2)

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        c2 = self.stem(batch)
        c3 = self.stage2_2(self.stage2_1(c2))
        c4 = self.stage3_2(self.stage3_1(c3))
        return c2, c3, c4, self.stage4_2(self.stage4_1(c4))
