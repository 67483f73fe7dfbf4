"""Another size of the convolution that gives the flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from sfnet_ros.network.flow_alignment import FlowAlignmentModule

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


def use_flow_kernel(size: int, model: SFNet) -> None:
    """Replace the 3x3 convolution of each alignment by one of ``size``, an odd number.

    Source: table 2(b).
    """
    for module in model.modules():
        if isinstance(module, FlowAlignmentModule):
            channels = module.flow.in_channels
            module.flow = nn.Conv2d(channels, 2, size, padding=size // 2, bias=False)
            nn.init.zeros_(module.flow.weight)
