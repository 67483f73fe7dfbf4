"""EfficientNet-Lite, the EfficientNets without squeeze-and-excite and with ReLU6.

Source: Tan and Le, "EfficientNet", ICML 2019, table 1 and compound scaling; what the Lite ones change as in
TensorFlow's release of 2020 (stem, first and last stage are not scaled).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor, nn

from sfnet_ros.network.backbones.base import Backbone

_STEM_CHANNELS = 32


class _Stage(NamedTuple):
    channels: int
    blocks: int
    kernel: int
    stride: int
    expansion: int


_STAGES = (
    _Stage(16, 1, 3, 1, 1),
    _Stage(24, 2, 3, 2, 6),
    _Stage(40, 2, 5, 2, 6),
    _Stage(80, 3, 3, 2, 6),
    _Stage(112, 3, 5, 1, 6),
    _Stage(192, 4, 5, 2, 6),
    _Stage(320, 1, 3, 1, 6),
)
# The last stage at each stride that the decoder uses.
_GIVEN = (1, 2, 4, 6)


class InvertedResidual(nn.Module):
    """Widen, filter each channel by itself, narrow: ``(N, in, h, w)`` to ``(N, out, ceil(h / stride), ...)``.

    The input is added where the shape stays, and nothing follows the last batch norm.

    Source: Sandler et al. 2018 (MobileNetV2), figure 4(d).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = in_channels * expansion
        layers = _conv_bn_relu6(in_channels, wide, 1) if expansion > 1 else []
        layers += _conv_bn_relu6(wide, wide, kernel, stride, groups=wide)
        layers += [_conv(wide, out_channels, 1), _batch_norm(out_channels)]
        self.layers = nn.Sequential(*layers)
        self._adds_input = stride == 1 and in_channels == out_channels

    def forward(self, feature: Tensor) -> Tensor:
        residual: Tensor = self.layers(feature)
        return residual + feature if self._adds_input else residual


class EfficientNetLite(Backbone):
    """Four maps at 1/4, 1/8, 1/16 and 1/32.

    Strided convolutions pad both sides alike where TensorFlow pads the far side alone: its features moved by a pixel,
    so its weights fit, and sizes are ``ceil(size / stride)`` as in all backbones.

    Args:
        width: Factor on the channels of the stages.
        depth: Factor on the number of blocks in the stages.
    """

    strides = (4, 8, 16, 32)

    def __init__(self, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_conv_bn_relu6(3, _STEM_CHANNELS, 3, stride=2))
        self.stages = nn.ModuleList()
        channels, last = _STEM_CHANNELS, len(_STAGES) - 1
        for index, stage in enumerate(_STAGES):
            count = stage.blocks if index in (0, last) else math.ceil(stage.blocks * depth)
            blocks = []
            out_channels = _scaled(stage.channels, width)
            for number in range(count):
                stride = stage.stride if number == 0 else 1
                blocks.append(InvertedResidual(channels, out_channels, stage.kernel, stride, stage.expansion))
                channels = out_channels
            self.stages.append(nn.Sequential(*blocks))
        self.channels = tuple(_scaled(_STAGES[index].channels, width) for index in _GIVEN)

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        feature = self.stem(batch)
        given = []
        for index, stage in enumerate(self.stages):
            feature = stage(feature)
            if index in _GIVEN:
                given.append(feature)
        return tuple(given)


def _scaled(channels: int, width: float) -> int:
    """Scale to the nearest multiple of eight, but not below nine tenths of what was asked for."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    conv = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    return conv


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


def _conv_bn_relu6(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    conv = _conv(in_channels, out_channels, kernel, stride, groups)
    return [conv, _batch_norm(out_channels), nn.ReLU6(inplace=True)]
