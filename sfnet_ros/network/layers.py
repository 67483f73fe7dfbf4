"""Small parts that backbones, decoder and heads are built from."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


def resize_bilinear(feature: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Resize a map ``(N, C, h, w)`` to ``(N, C, *size_hw)``, corners on corners.

    Source: the authors' released code, which uses align_corners=True in every resize.
    """
    # Not left out where the size is the same: it changes no value then, and an exported graph holds for one case alone.
    return functional.interpolate(feature, size=size_hw, mode='bilinear', align_corners=True)


def conv3x3(in_channels: int, out_channels: int, stride: int = 1, dilation: int = 1, bias: bool = False) -> nn.Conv2d:
    """Build a 3x3 convolution that keeps the size, or gives ceil(size / stride)."""
    return _he_normal(nn.Conv2d(in_channels, out_channels, 3, stride, padding=dilation, dilation=dilation, bias=bias))


def conv1x1(in_channels: int, out_channels: int, stride: int = 1, bias: bool = False) -> nn.Conv2d:
    """Build a 1x1 convolution."""
    return _he_normal(nn.Conv2d(in_channels, out_channels, 1, stride, bias=bias))


def depthwise3x3(channels: int, stride: int = 1) -> nn.Conv2d:
    """Build a 3x3 convolution of each channel alone."""
    return _he_normal(nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False))


def conv3x3_bn_relu(in_channels: int, out_channels: int, stride: int = 1, bias: bool = False) -> nn.Sequential:
    """Build 3x3 convolution, batch norm, ReLU."""
    conv = conv3x3(in_channels, out_channels, stride, bias=bias)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


def conv1x1_bn_relu(in_channels: int, out_channels: int, bias: bool = False) -> nn.Sequential:
    """Build 1x1 convolution, batch norm, ReLU."""
    conv = conv1x1(in_channels, out_channels, bias=bias)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


def _he_normal(conv: nn.Conv2d) -> nn.Conv2d:
    # He et al. 2015, by fan in, so that the classifiers' logits start near unit size too.
    # Not on the meta device, where there is nothing to fill: torch would load its compiler, which takes seconds.
    if not conv.weight.is_meta:
        nn.init.kaiming_normal_(conv.weight, nonlinearity='relu')
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
