"""Backbones, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.backbones.blocks import BasicBlock, Bottleneck
from sfnet_ros.network.backbones.df import DF1, DF2
from sfnet_ros.network.backbones.efficientnet_lite import EfficientNetLite
from sfnet_ros.network.backbones.resnet import ResNet
from sfnet_ros.network.backbones.shufflenet import ShuffleNetV2
from sfnet_ros.network.backbones.stdc import STDC

# By the names of the catalogue; each is told whether to dilate its late stages, which is for ResNets alone.
BUILDERS: dict[str, Callable[[bool], Backbone]] = {
    'df1': lambda dilated: DF1(),
    'df2': lambda dilated: DF2(),
    'resnet18': partial(ResNet, BasicBlock, (2, 2, 2, 2)),
    'resnet50': partial(ResNet, Bottleneck, (3, 4, 6, 3)),
    'resnet101': partial(ResNet, Bottleneck, (3, 4, 23, 3)),
    'stdc1': lambda dilated: STDC((2, 2, 2)),
    'stdc2': lambda dilated: STDC((4, 5, 3)),
    'shufflenetv2': lambda dilated: ShuffleNetV2(),
    'efficientnet_lite0': lambda dilated: EfficientNetLite(1.0, 1.0),
    'efficientnet_lite1': lambda dilated: EfficientNetLite(1.0, 1.1),
    'efficientnet_lite2': lambda dilated: EfficientNetLite(1.1, 1.2),
}

__all__ = ['BUILDERS', 'Backbone']
