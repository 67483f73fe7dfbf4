"""The flow from explicit correspondences, as FlowNet-C, in place of FlowNet-S."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network.decoder import AlignedFPNDecoder
from sfnet_ros.network.flow_alignment import FlowAlignmentModule
from sfnet_ros.network.layers import resize_bilinear

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet

# The levels are two pixels apart at most, and what strays further is not found in FlowNet-C's window either.
REACH_PX = 4


class Correlation(nn.Module):
    """Compare each position of one map with all within reach of it in another, channels averaged.

    Source: Dosovitskiy et al. 2015 (FlowNet), equation 1 for patches of one pixel.
    """

    def __init__(self, reach_px: int) -> None:
        super().__init__()
        self.reach_px = reach_px

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Correlate two maps ``(N, C, H, W)``.

        Returns:
            ``(N, (2 * reach_px + 1) ** 2, H, W)``: displacements row by row, zero where one leads out of ``coarse``.
        """
        height, width = fine.shape[-2:]
        padded = functional.pad(coarse, [self.reach_px] * 4)
        window = range(2 * self.reach_px + 1)
        products = [
            (fine * padded[:, :, top : top + height, left : left + width]).mean(dim=1)
            for top in window
            for left in window
        ]
        return torch.stack(products, dim=1)


class CorrelationAlignment(FlowAlignmentModule):
    """Bring a coarse level onto the grid of a finer one along a flow that is read from their correlation.

    Source: table 2(c); as in FlowNet-C, the correlation stands beside the fine features.
    """

    def __init__(self, channels: int, warp_align_corners: bool = True) -> None:
        super().__init__(channels, warp_align_corners)
        self.correlation = Correlation(REACH_PX)
        displacements = (2 * REACH_PX + 1) ** 2
        self.flow = nn.Conv2d(displacements + channels // 2, 2, 3, padding=1, bias=False)
        nn.init.zeros_(self.flow.weight)

    def forward(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Align ``coarse`` to ``fine``, see `FlowAlignmentModule`."""
        coarse_up = resize_bilinear(self.reduce_coarse(coarse), (fine.shape[-2], fine.shape[-1]))
        fine_reduced = self.reduce_fine(fine)
        flow: Tensor = self.flow(torch.cat([self.correlation(fine_reduced, coarse_up), fine_reduced], dim=1))
        return self.warp(coarse, flow), flow


def use_correlation(model: SFNet) -> None:
    """Replace each alignment."""
    assert isinstance(model.decoder, AlignedFPNDecoder)
    width, corners = model.config.decoder_width, model.config.warp_align_corners
    model.decoder.alignments = nn.ModuleList(CorrelationAlignment(width, corners) for _ in model.decoder.alignments)
