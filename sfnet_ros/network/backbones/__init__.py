"""Backbones, and what SFNet takes by default on each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.backbones.blocks import BasicBlock, Bottleneck
from sfnet_ros.network.backbones.df import DF1, DF2
from sfnet_ros.network.backbones.efficientnet_lite import EfficientNetLite
from sfnet_ros.network.backbones.resnet import ResNet
from sfnet_ros.network.backbones.shufflenet import ShuffleNetV2
from sfnet_ros.network.backbones.stdc import STDC


@dataclass(frozen=True)
class BackboneSpec:
    """How a backbone is built, the decoder width and finest stride of the released SFNet on it, and its strides."""

    build: Callable[[bool], Backbone]
    width: int
    finest_stride: int
    strides: tuple[int, ...] = (4, 8, 16, 32)


BACKBONES: dict[str, BackboneSpec] = {
    'df1': BackboneSpec(lambda dilated: DF1(), width=64, finest_stride=16, strides=DF1.strides),
    'df2': BackboneSpec(lambda dilated: DF2(), width=64, finest_stride=8),
    'resnet18': BackboneSpec(partial(ResNet, BasicBlock, (2, 2, 2, 2)), width=128, finest_stride=4),
    'resnet50': BackboneSpec(partial(ResNet, Bottleneck, (3, 4, 6, 3)), width=256, finest_stride=4),
    'resnet101': BackboneSpec(partial(ResNet, Bottleneck, (3, 4, 23, 3)), width=256, finest_stride=4),
    'stdc1': BackboneSpec(lambda dilated: STDC((2, 2, 2)), width=64, finest_stride=4),
    'stdc2': BackboneSpec(lambda dilated: STDC((4, 5, 3)), width=64, finest_stride=4),
    # Not released: as wide as the other light ones, and as fine as all but DF.
    'shufflenetv2': BackboneSpec(lambda dilated: ShuffleNetV2(), width=64, finest_stride=4),
    'efficientnet_lite0': BackboneSpec(lambda dilated: EfficientNetLite(1.0, 1.0), width=64, finest_stride=8),
    'efficientnet_lite1': BackboneSpec(lambda dilated: EfficientNetLite(1.0, 1.1), width=64, finest_stride=8),
    'efficientnet_lite2': BackboneSpec(lambda dilated: EfficientNetLite(1.1, 1.2), width=64, finest_stride=8),
}

__all__ = ['BACKBONES', 'Backbone', 'BackboneSpec']
