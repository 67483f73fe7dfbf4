"""No context module: the top feature is projected alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfnet_ros.network.layers import conv1x1_bn_relu

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


def use_no_context(model: SFNet) -> None:
    """Replace the context module by a 1x1 convolution to the decoder's width.

    Source: rows +FPN and +FAM of table 1(a), first row of table 1(c).
    """
    model.context = conv1x1_bn_relu(model.backbone.channels[-1], model.config.decoder_width)
