"""A fully convolutional network: the top feature alone, at stride 32 or dilated to stride 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sfnet_ros.network.layers import conv1x1, conv3x3_bn_relu

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


class TopAlone(nn.Module):
    """Fuse nothing: the pyramid is the top level."""

    def forward(self, features: Sequence[Tensor], top: Tensor) -> tuple[list[Tensor], list[Tensor]]:  # noqa: ARG002
        """Give the top level, and a flow of zero on its grid, as nothing is moved."""
        return [top], [torch.zeros_like(top[:, :2])]


class TopClassifier(nn.Module):
    """Classify every position of the top level: a pyramid of one level to ``(N, num_classes, h, w)`` logits."""

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.predict = conv1x1(width, num_classes, bias=True)

    def forward(self, pyramid: Sequence[Tensor]) -> Tensor:
        return self.predict(pyramid[0])  # type: ignore[no-any-return]


def use_fcn(model: SFNet) -> None:
    """Replace all but the backbone by a 3x3 convolution on its top feature and the classifier.

    Source: first row of table 1(a).
    """
    width = model.config.decoder_width
    model.context = conv3x3_bn_relu(model.backbone.channels[-1], width)
    model.decoder = TopAlone()
    model.classifier = TopClassifier(width, model.config.num_classes)
    model.aux_heads = nn.ModuleList()


def use_dilated_fcn(model: SFNet) -> None:
    """Replace all but the backbone likewise, and let a ResNet keep stride 8: dilation takes the place of strides.

    Source: second row of table 1(a); Yu and Koltun 2016.
    """
    use_fcn(model)
    for layer, dilation in ((model.backbone.layer3, 2), (model.backbone.layer4, 4)):
        assert isinstance(layer, nn.Module)
        for conv in layer.modules():
            if isinstance(conv, nn.Conv2d):
                conv.stride = (1, 1)
                if conv.kernel_size == (3, 3):
                    conv.dilation = conv.padding = (dilation, dilation)
