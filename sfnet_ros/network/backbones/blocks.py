"""Residual blocks shared by the DF and the ResNet backbones."""

from __future__ import annotations

from torch import Tensor, nn

from sfnet_ros.network.layers import conv1x1, conv3x3


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(conv1x1(in_channels, out_channels, stride), nn.BatchNorm2d(out_channels))


class BasicBlock(nn.Module):
    """Add two 3x3 convolutions to their input: ``(N, in, h, w)`` to ``(N, width, ceil(h / stride), ceil(w / stride))``.

    ``dilation`` spreads the second convolution alone, as the released networks do.

    Source: He et al. 2016, figure 5 left; Li et al. 2019 (DF) use the same block.
    """

    expansion = 1

    def __init__(self, in_channels: int, width: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv1 = conv3x3(in_channels, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, dilation=dilation)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = _shortcut(in_channels, width, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, feature: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(feature)))
        residual = self.bn2(self.conv2(residual))
        total: Tensor = self.relu(residual + self.shortcut(feature))
        return total


class Bottleneck(nn.Module):
    """Add a 1x1, 3x3, 1x1 bottleneck to its input: ``(N, in, h, w)`` to ``(N, 4 * width, ...)``, stride on the 3x3.

    Source: He et al. 2016, figure 5 right.
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv1 = conv1x1(in_channels, width)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, stride, dilation)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv1x1(width, width * self.expansion)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.shortcut = _shortcut(in_channels, width * self.expansion, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, feature: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(feature)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        total: Tensor = self.relu(residual + self.shortcut(feature))
        return total


def stack(
    block: type[BasicBlock] | type[Bottleneck],
    in_channels: int,
    width: int,
    count: int,
    stride: int = 1,
    dilation: int = 1,
) -> nn.Sequential:
    """Chain ``count`` blocks, the stride in the first of them."""
    channels = width * block.expansion
    first = block(in_channels, width, stride, dilation)
    return nn.Sequential(first, *(block(channels, width, 1, dilation) for _ in range(count - 1)))
