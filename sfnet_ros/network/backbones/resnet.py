"""ResNets with the deep stem, 128 channels wide at its end.

Source: He et al. 2016; deep stem and dilation as in the authors' released SFNet.
"""

from __future__ import annotations

from torch import Tensor, nn

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.backbones.blocks import BasicBlock, Bottleneck, stack
from sfnet_ros.network.layers import conv3x3


class ResNet(Backbone):
    """A ResNet of four maps at 1/4, 1/8, 1/16 and 1/32.

    Args:
        block: Residual block of all four layers.
        counts: Blocks in each of the four layers.
        dilated: Dilate the 3x3 ``conv2`` of every block by 2 in layer3 and by 4 in layer4, strides untouched. The
            paper does not mention it, the released weights were trained with it.
    """

    strides = (4, 8, 16, 32)

    def __init__(
        self, block: type[BasicBlock] | type[Bottleneck], counts: tuple[int, int, int, int], dilated: bool
    ) -> None:
        super().__init__()
        self.channels = tuple(width * block.expansion for width in (64, 128, 256, 512))
        self.stem = nn.Sequential(
            conv3x3(3, 64, stride=2),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            conv3x3(64, 64),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            conv3x3(64, 128),
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        c2, c3, c4, _ = self.channels
        self.layer1 = stack(block, 128, 64, counts[0])
        self.layer2 = stack(block, c2, 128, counts[1], stride=2)
        self.layer3 = stack(block, c3, 256, counts[2], stride=2, dilation=2 if dilated else 1)
        self.layer4 = stack(block, c4, 512, counts[3], stride=2, dilation=4 if dilated else 1)

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        c2 = self.layer1(self.stem(batch))
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        return c2, c3, c4, self.layer4(c4)
