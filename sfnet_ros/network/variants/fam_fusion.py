"""Flow alignment also where all levels are fused at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sfnet_ros.network.decoder import PyramidClassifier
from sfnet_ros.network.flow_alignment import FlowAlignmentModule

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


class AlignedPyramidClassifier(PyramidClassifier):
    """Classify from all levels, each aligned to the finest by flow: pyramid to ``(N, num_classes, h, w)`` logits.

    Source: last sentence of section 3.3.
    """

    def __init__(self, num_levels: int, width: int, num_classes: int, warp_align_corners: bool = True) -> None:
        super().__init__(num_levels, width, num_classes)
        coarser = range(num_levels - 1)
        self.alignments = nn.ModuleList(FlowAlignmentModule(width, warp_align_corners) for _ in coarser)

    def forward(self, pyramid: Sequence[Tensor]) -> Tensor:
        finest, *coarser = [smooth(level) for smooth, level in zip(self.smooth, pyramid[:-1], strict=True)]
        levels = zip(self.alignments, [*coarser, pyramid[-1]], strict=True)
        aligned = [align(fine=finest, coarse=level)[0] for align, level in levels]
        return self.predict(self.fuse(torch.cat([finest, *aligned], dim=1)))  # type: ignore[no-any-return]


def use_fam_fusion(model: SFNet) -> None:
    """Replace the classifier."""
    config = model.config
    num_levels = 1 + len(config.level_strides)
    model.classifier = AlignedPyramidClassifier(
        num_levels, config.decoder_width, config.num_classes, config.warp_align_corners
    )
