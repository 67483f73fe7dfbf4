"""Flow alignment into some levels, or none: the others are plain bilinear steps of a feature pyramid."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sfnet_ros.network.decoder import AlignedFPNDecoder
from sfnet_ros.network.layers import resize_bilinear

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


class BilinearAlignment(nn.Module):
    """Bring a coarse level onto the grid of a finer one by a plain resize, which is a warp along a flow of zero."""

    def forward(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Resize ``coarse`` ``(N, C, h, w)`` to ``(N, C, H, W)``; the flow ``(N, 2, H, W)`` is zero."""
        return resize_bilinear(coarse, (fine.shape[-2], fine.shape[-1])), torch.zeros_like(fine[:, :2])


def align_at(strides: Collection[int], model: SFNet) -> None:
    """Keep the alignment into the levels of these strides alone.

    Source: table 1(b); without strides the feature pyramid (FPN) of tables 1(a), 1(d), 5 and 6.
    """
    assert isinstance(model.decoder, AlignedFPNDecoder)
    alignments = zip(model.config.level_strides, model.decoder.alignments, strict=True)
    model.decoder.alignments = nn.ModuleList(
        align if stride in strides else BilinearAlignment() for stride, align in alignments
    )
