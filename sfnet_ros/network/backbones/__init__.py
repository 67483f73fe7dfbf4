"""Backbones, and what SFNet takes by default on each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sfnet_ros.network.backbones.base import Backbone
from sfnet_ros.network.backbones.blocks import BasicBlock, Bottleneck
from sfnet_ros.network.backbones.df import DF1, DF2
from sfnet_ros.network.backbones.resnet import ResNet


@dataclass(frozen=True)
class BackboneSpec:
    """How a backbone is built, and the decoder width and finest stride of the released SFNet on it."""

    build: Callable[[bool], Backbone]
    width: int
    finest_stride: int


BACKBONES: dict[str, BackboneSpec] = {
    'df1': BackboneSpec(lambda dilated: DF1(), width=64, finest_stride=16),
    'df2': BackboneSpec(lambda dilated: DF2(), width=64, finest_stride=8),
    'resnet18': BackboneSpec(partial(ResNet, BasicBlock, (2, 2, 2, 2)), width=128, finest_stride=4),
    'resnet50': BackboneSpec(partial(ResNet, Bottleneck, (3, 4, 6, 3)), width=256, finest_stride=4),
    'resnet101': BackboneSpec(partial(ResNet, Bottleneck, (3, 4, 23, 3)), width=256, finest_stride=4),
}

__all__ = ['BACKBONES', 'Backbone', 'BackboneSpec']
