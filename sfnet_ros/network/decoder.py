"""The aligned feature pyramid, the classifier over all its levels, and the auxiliary heads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sfnet_ros.network.flow_alignment import FlowAlignmentModule
from sfnet_ros.network.layers import conv1x1, conv1x1_bn_relu, conv3x3_bn_relu, resize_bilinear


class AlignedFPNDecoder(nn.Module):
    """Carry semantics from the top down to the finest level, each step aligned by flow.

    Source: section 3.3, figure 3(c).
    """

    def __init__(self, in_channels: Sequence[int], width: int, warp_align_corners: bool = True) -> None:
        """Build one lateral and one alignment for each of ``in_channels``, finest first, the top left out."""
        super().__init__()
        # The released laterals carry a bias although batch norm follows.
        self.laterals = nn.ModuleList(conv1x1_bn_relu(channels, width, bias=True) for channels in in_channels)
        self.alignments = nn.ModuleList(FlowAlignmentModule(width, warp_align_corners) for _ in in_channels)

    def forward(self, features: Sequence[Tensor], top: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Fuse levels.

        Args:
            features: Backbone maps, finest first, without the top one; the last ones are used.
            top: The context module's output, ``(N, width, h, w)``.

        Returns:
            The pyramid, finest first, ``top`` last; and the flow into each level but the last.
        """
        pyramid, flows = [top], list[Tensor]()
        used = features[len(features) - len(self.laterals) :]
        levels = list(zip(used, self.laterals, self.alignments, strict=True))
        for feature, lateral, align in reversed(levels):
            fine = lateral(feature)
            aligned, flow = align(fine=fine, coarse=pyramid[0])
            pyramid.insert(0, fine + aligned)
            flows.insert(0, flow)
        return pyramid, flows


class PyramidClassifier(nn.Module):
    """Classify every position of the finest level from all levels: pyramid to ``(N, num_classes, h, w)`` logits.

    Source: section 3.3; plain bilinear resizes as in all released networks.
    """

    def __init__(self, num_levels: int, width: int, num_classes: int) -> None:
        super().__init__()
        # The top level is smooth already: pooling's projection made it.
        self.smooth = nn.ModuleList(conv3x3_bn_relu(width, width) for _ in range(num_levels - 1))
        self.fuse = conv3x3_bn_relu(num_levels * width, width)
        self.predict = conv1x1(width, num_classes, bias=True)

    def forward(self, pyramid: Sequence[Tensor]) -> Tensor:
        size_hw = (pyramid[0].shape[-2], pyramid[0].shape[-1])
        finest, *coarser = [smooth(level) for smooth, level in zip(self.smooth, pyramid[:-1], strict=True)]
        resized = [resize_bilinear(level, size_hw) for level in [*coarser, pyramid[-1]]]
        return self.predict(self.fuse(torch.cat([finest, *resized], dim=1)))  # type: ignore[no-any-return]


def auxiliary_head(width: int, num_classes: int) -> nn.Sequential:
    """Build the classifier that supervises one pyramid level in training: ``(N, width, h, w)`` to logits.

    Source: the authors' released code, ``dsn``.
    """
    return nn.Sequential(
        *conv3x3_bn_relu(width, width, bias=True), nn.Dropout2d(0.1), conv1x1(width, num_classes, bias=True)
    )
