"""Semantic flow: the displacement field between two pyramid levels, and the warp along it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network.layers import conv1x1, resize_bilinear


def flow_warp(feature: Tensor, flow: Tensor, align_corners: bool = True) -> Tensor:
    """Sample a coarse feature map at positions displaced by a flow field.

    Args:
        feature: Coarse map, ``(N, C, h, w)``.
        flow: Offsets, ``(N, 2, H, W)``, x before y; a value of W (H) moves the sample by half the image, so one unit
            is about half a pixel of the output.
        align_corners: Whether -1 and 1 are the centres of the corner pixels (True) or their outer edges.

    Returns:
        The warped map, ``(N, C, H, W)``, zero where it was sampled outside of ``feature``.

    Source: section 3.2, equations 2 and 3; normalised as in the authors' released code.
    """
    height, width = flow.shape[-2:]
    # Half precision cannot tell neighbouring positions apart, so the grid and what is added to it are float32 at least.
    dtype = torch.promote_types(feature.dtype, torch.float32)
    xs, ys = (_corner_to_corner(count, dtype, flow.device) for count in (width, height))
    offsets = flow.to(dtype)
    grid = torch.stack((xs + offsets[:, 0] / width, ys[:, None] + offsets[:, 1] / height), dim=-1)
    warped = functional.grid_sample(
        feature.to(dtype), grid, mode='bilinear', padding_mode='zeros', align_corners=align_corners
    )
    return warped.to(feature.dtype)


def _corner_to_corner(count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Space ``count`` positions evenly from -1 to 1; a single one is -1."""
    # What linspace gives, whose count an exported graph would hold fast.
    return torch.arange(count, dtype=dtype, device=device) * (2.0 / max(1, count - 1)) - 1.0


class FlowWarp(nn.Module):
    """Warp by `flow_warp`, as a part of a network that can be listened to: where it is, something flows."""

    def __init__(self, align_corners: bool = True) -> None:
        super().__init__()
        self.align_corners = align_corners

    def forward(self, feature: Tensor, flow: Tensor) -> Tensor:
        return flow_warp(feature, flow, self.align_corners)


class FlowAlignmentModule(nn.Module):
    """Bring a coarse level onto the grid of a finer one along a learned flow (FAM).

    The flow convolution starts at zero, so that a fresh network starts as a plain feature pyramid.

    Source: section 3.2, figure 3(a).
    """

    def __init__(self, channels: int, warp_align_corners: bool = True) -> None:
        super().__init__()
        self.reduce_fine = conv1x1(channels, channels // 2)
        self.reduce_coarse = conv1x1(channels, channels // 2)
        self.flow = nn.Conv2d(2 * (channels // 2), 2, 3, padding=1, bias=False)
        nn.init.zeros_(self.flow.weight)
        self.warp = FlowWarp(warp_align_corners)

    def forward(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Align ``coarse`` to ``fine``.

        Args:
            fine: ``(N, C, H, W)``.
            coarse: ``(N, C, h, w)``.

        Returns:
            The warped coarse map ``(N, C, H, W)`` and the flow ``(N, 2, H, W)``, see ``flow_warp``.
        """
        size_hw = (fine.shape[-2], fine.shape[-1])
        coarse_up = resize_bilinear(self.reduce_coarse(coarse), size_hw)
        flow: Tensor = self.flow(torch.cat([coarse_up, self.reduce_fine(fine)], dim=1))
        return self.warp(coarse, flow), flow
