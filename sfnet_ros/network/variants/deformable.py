"""Deformable convolution in place of flow alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network.decoder import AlignedFPNDecoder
from sfnet_ros.network.layers import conv1x1, resize_bilinear

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet

# Of a 3x3 kernel, row by row: (y, x).
TAPS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]


def sample_at(feature: Tensor, offsets_px: Tensor, tap: tuple[int, int]) -> Tensor:
    """Sample a map at each position moved by a tap and an offset.

    Args:
        feature: ``(N, C, H, W)``.
        offsets_px: ``(N, 2, H, W)``, y before x.
        tap: In pixels, y before x.

    Returns:
        ``(N, C, H, W)``, interpolated; zero outside of ``feature``.
    """
    height, width = feature.shape[-2:]
    # See `flow_warp` on half precision.
    dtype = torch.promote_types(feature.dtype, torch.float32)
    rows, columns = (torch.arange(count, dtype=dtype, device=feature.device) for count in (height, width))
    ys = rows[:, None] + tap[0] + offsets_px[:, 0].to(dtype)
    xs = columns + tap[1] + offsets_px[:, 1].to(dtype)
    # Edges at -1 and 1, not centres: then a single row or column has a size too.
    grid = torch.stack(((2 * xs + 1) / width - 1, (2 * ys + 1) / height - 1), dim=-1)
    sampled = functional.grid_sample(
        feature.to(dtype), grid, mode='bilinear', padding_mode='zeros', align_corners=False
    )
    return sampled.to(feature.dtype)


class DeformableConv2d(nn.Module):
    """Convolve 3x3 with taps that offsets move: ``(N, in, H, W)`` to ``(N, out, H, W)``.

    A 1x1 convolution over the nine sampled maps; its input channels go tap by tap.

    Source: Dai et al. 2017, equation 2.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = conv1x1(len(TAPS) * in_channels, out_channels)

    def forward(self, feature: Tensor, offsets_px: Tensor) -> Tensor:
        """Convolve, with offsets ``(N, 18, H, W)``: of each tap, y before x."""
        moved = zip(TAPS, offsets_px.chunk(len(TAPS), dim=1), strict=True)
        sampled = [sample_at(feature, offset, tap) for tap, offset in moved]
        return self.conv(torch.cat(sampled, dim=1))  # type: ignore[no-any-return]


class DeformableAlignment(nn.Module):
    """Bring a coarse level onto the grid of a finer one by a deformable convolution over both.

    Its offsets start at zero, as those of Dai et al. do.

    Source: table 2(d).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.offsets = nn.Conv2d(2 * channels, 2 * len(TAPS), 3, padding=1)
        for parameter in self.offsets.parameters():
            nn.init.zeros_(parameter)
        self.deform = DeformableConv2d(2 * channels, channels)

    def forward(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Align ``coarse`` ``(N, C, h, w)`` to ``fine`` ``(N, C, H, W)``.

        Returns:
            What the convolution gives, ``(N, C, H, W)``, and the mean offset of its taps ``(N, 2, H, W)``, x before y
            and in half pixels, as a flow is.
        """
        both = torch.cat([resize_bilinear(coarse, (fine.shape[-2], fine.shape[-1])), fine], dim=1)
        offsets_px = self.offsets(both)
        mean_px = offsets_px.unflatten(1, (len(TAPS), 2)).mean(dim=1)
        return self.deform(both, offsets_px), 2 * mean_px.flip(1)


def use_deformable(model: SFNet) -> None:
    """Replace each alignment."""
    assert isinstance(model.decoder, AlignedFPNDecoder)
    width = model.config.decoder_width
    model.decoder.alignments = nn.ModuleList(DeformableAlignment(width) for _ in model.decoder.alignments)
