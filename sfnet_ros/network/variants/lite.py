"""SFNet-Lite: one gated step from the top straight to the finest level, which moves both of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sfnet_ros.network.catalogue import LITE_STRIDES
from sfnet_ros.network.decoder import auxiliary_head
from sfnet_ros.network.flow_alignment import FlowWarp
from sfnet_ros.network.layers import conv1x1, conv1x1_bn_relu, conv3x3, conv3x3_bn_relu, resize_bilinear

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


class PooledGate(nn.Module):
    """Choose between two maps by the mean and the maximum over channels of what was seen of each.

    Source: SFNet-Lite as released, the gate of all its weights.
    """

    def __init__(self, channels: int) -> None:  # noqa: ARG002
        super().__init__()
        self.conv = conv3x3(4, 1)

    def forward(self, fine: Tensor, fine_reduced: Tensor, coarse_reduced: Tensor) -> Tensor:  # noqa: ARG002
        """Give the coarse map's share ``(N, 1, H, W)`` from the fine map and both reduced ones on its grid."""
        means = [each.mean(dim=1, keepdim=True) for each in (coarse_reduced, fine)]
        maxima = [each.amax(dim=1, keepdim=True) for each in (coarse_reduced, fine)]
        return self.conv(torch.cat([*means, *maxima], dim=1)).sigmoid()  # type: ignore[no-any-return]


class ConvGate(nn.Module):
    """Choose between two maps by a convolution over all channels of both.

    Source: SFNet-Lite as released, the other gate.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv3x3(2 * (channels // 2), 1)

    def forward(self, fine: Tensor, fine_reduced: Tensor, coarse_reduced: Tensor) -> Tensor:  # noqa: ARG002
        """Give the coarse map's share ``(N, 1, H, W)``, see `PooledGate`."""
        both = torch.cat([coarse_reduced, fine_reduced], dim=1)
        # Without the order of its memory an export asks for sizes that it cannot prove.
        return self.conv(both.contiguous()).sigmoid()  # type: ignore[no-any-return]


class GatedDualFlowAlignment(nn.Module):
    """Warp a coarse and a fine level towards each other and blend them (GD-FAM).

    Source: SFNet-Lite, the journal extension of the paper, as released.
    """

    def __init__(self, channels: int, gate: nn.Module, warp_align_corners: bool = True) -> None:
        super().__init__()
        self.reduce_fine = conv1x1(channels, channels // 2)
        self.reduce_coarse = conv1x1(channels, channels // 2)
        self.flow = nn.Conv2d(2 * (channels // 2), 4, 3, padding=1, bias=False)
        nn.init.zeros_(self.flow.weight)
        self.gate = gate
        self.warp_coarse = FlowWarp(warp_align_corners)
        self.warp_fine = FlowWarp(warp_align_corners)

    def forward(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Blend ``fine`` ``(N, C, H, W)`` and ``coarse`` ``(N, C, h, w)``.

        Returns:
            The blend ``(N, C, H, W)`` and the flow of the coarse map ``(N, 2, H, W)``, see ``flow_warp``.
        """
        fine_reduced = self.reduce_fine(fine)
        coarse_reduced = resize_bilinear(self.reduce_coarse(coarse), (fine.shape[-2], fine.shape[-1]))
        of_coarse, of_fine = self.flow(torch.cat([coarse_reduced, fine_reduced], dim=1)).chunk(2, dim=1)
        share = self.gate(fine, fine_reduced, coarse_reduced)
        return self.warp_coarse(coarse, of_coarse) * share + self.warp_fine(fine, of_fine) * (1 - share), of_coarse


class LiteDecoder(nn.Module):
    """Blend the top with the level at 1/4, and keep the level at 1/16 beside it."""

    def __init__(self, strides: Sequence[int], channels: Sequence[int], width: int, alignment: nn.Module) -> None:
        """Build for backbone maps of these strides and channels, finest first."""
        super().__init__()
        self.used = [strides.index(stride) for stride in LITE_STRIDES]
        self.laterals = nn.ModuleList(conv1x1_bn_relu(channels[index], width, bias=True) for index in self.used)
        self.alignment = alignment

    def forward(self, features: Sequence[Tensor], top: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Fuse levels, see `AlignedFPNDecoder`; nothing flows into the level at 1/16."""
        fine, middle = (lateral(features[index]) for lateral, index in zip(self.laterals, self.used, strict=True))
        blend, flow = self.alignment(fine=fine, coarse=top)
        return [blend, middle, top], [flow, torch.zeros_like(middle[:, :2])]


class LiteClassifier(nn.Module):
    """Classify from the two finer levels: pyramid to ``(N, num_classes, h, w)`` logits."""

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.fuse = conv3x3_bn_relu(2 * width, width)
        self.predict = conv1x1(width, num_classes, bias=True)

    def forward(self, pyramid: Sequence[Tensor]) -> Tensor:
        blend, middle, _ = pyramid
        middle_up = resize_bilinear(middle, (blend.shape[-2], blend.shape[-1]))
        return self.predict(self.fuse(torch.cat([blend, middle_up], dim=1)))  # type: ignore[no-any-return]


def use_lite(gate: type[PooledGate] | type[ConvGate], model: SFNet) -> None:
    """Replace decoder and classifier; an auxiliary head sits on the blend alone."""
    config, backbone = model.config, model.backbone
    width = config.decoder_width
    alignment = GatedDualFlowAlignment(width, gate(width), config.warp_align_corners)
    model.decoder = LiteDecoder(backbone.strides, backbone.channels, width, alignment)
    model.classifier = LiteClassifier(width, config.num_classes)
    if config.aux_heads:
        model.aux_heads = nn.ModuleList([auxiliary_head(width, config.num_classes)])
