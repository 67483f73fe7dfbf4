"""What the decoder asks of a backbone."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """A feature extractor that names the strides and channels of what it returns.

    ``forward(batch)`` maps ``(N, 3, H, W)`` to one map per entry, finest first; the last one is the top feature.
    """

    strides: tuple[int, ...]
    channels: tuple[int, ...]

    @abstractmethod
    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        """Map a batch to its feature maps."""
