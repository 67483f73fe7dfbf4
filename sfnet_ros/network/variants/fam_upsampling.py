"""Other ways to bring the coarse level to size where the flow is estimated."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network.decoder import AlignedFPNDecoder
from sfnet_ros.network.flow_alignment import FlowAlignmentModule

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


class NearestUpsampling(nn.Module):
    """Repeat pixels: ``(N, C, h, w)`` to ``(N, C, *size_hw)``."""

    def forward(self, feature: Tensor, size_hw: tuple[int, int]) -> Tensor:
        return functional.interpolate(feature, size=size_hw, mode='nearest')


class Deconvolution(nn.Module):
    """Upsample by a learned kernel: ``(N, C, h, w)`` to ``(N, C, *size_hw)``, at most ``scale`` times as large.

    The last rows and columns are cut off where the finer level had an odd size. It starts as a bilinear resize.

    Source: Long et al. 2015 (FCN), section 3.3.
    """

    def __init__(self, channels: int, scale: int) -> None:
        super().__init__()
        size = 2 * scale - scale % 2
        self.conv = nn.ConvTranspose2d(channels, channels, size, stride=scale, padding=scale // 2, bias=False)
        distances = (torch.arange(size) - (size - 1) / 2).abs() / scale
        triangle = 1 - distances
        nn.init.zeros_(self.conv.weight)
        with torch.no_grad():
            for channel in range(channels):
                self.conv.weight[channel, channel] = triangle[:, None] * triangle

    def forward(self, feature: Tensor, size_hw: tuple[int, int]) -> Tensor:
        # Not a slice, for which an exported graph would have to prove that there is as much.
        up: Tensor = self.conv(feature)
        rows, columns = (torch.arange(count, device=up.device) for count in size_hw)
        return up.index_select(2, rows).index_select(3, columns)


class FlowAlignmentWithUpsampling(FlowAlignmentModule):
    """Bring a coarse level onto the grid of a finer one along a flow that another upsampling serves.

    Source: table 2(a).
    """

    def __init__(self, channels: int, upsampling: nn.Module, warp_align_corners: bool = True) -> None:
        super().__init__(channels, warp_align_corners)
        self.upsampling = upsampling

    def forward(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Align ``coarse`` to ``fine``, see `FlowAlignmentModule`."""
        coarse_up = self.upsampling(self.reduce_coarse(coarse), (fine.shape[-2], fine.shape[-1]))
        flow: Tensor = self.flow(torch.cat([coarse_up, self.reduce_fine(fine)], dim=1))
        return self.warp(coarse, flow), flow


def use_nearest(model: SFNet) -> None:
    """Replace the bilinear resize in each alignment by nearest neighbours."""
    _replace(model, [NearestUpsampling() for _ in model.config.level_strides])


def use_deconvolution(model: SFNet) -> None:
    """Replace the bilinear resize in each alignment by a deconvolution."""
    strides = (*model.config.level_strides, model.backbone.strides[-1])
    scales = [coarse // fine for fine, coarse in pairwise(strides)]
    _replace(model, [Deconvolution(model.config.decoder_width // 2, scale) for scale in scales])


def _replace(model: SFNet, upsamplings: list[NearestUpsampling] | list[Deconvolution]) -> None:
    assert isinstance(model.decoder, AlignedFPNDecoder)
    width, corners = model.config.decoder_width, model.config.warp_align_corners
    model.decoder.alignments = nn.ModuleList(
        FlowAlignmentWithUpsampling(width, upsampling, corners) for upsampling in upsamplings
    )
