"""Self-attention over the whole top feature in place of pyramid pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from sfnet_ros.network.layers import conv1x1, conv1x1_bn_relu

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet


class NonLocalContext(nn.Module):
    """Add to each position what all positions that resemble it hold: ``(N, in, h, w)`` to ``(N, out, h, w)``.

    The attention works at half of ``out`` channels; it starts at zero, so that a fresh block is a plain projection.

    Source: Wang et al. 2018, equation 6 and figure 2 (embedded Gaussian); table 1(c) of the SFNet paper.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.project = conv1x1_bn_relu(in_channels, out_channels)
        self.query, self.key, self.value = (conv1x1(out_channels, out_channels // 2) for _ in range(3))
        norm = nn.BatchNorm2d(out_channels)
        nn.init.zeros_(norm.weight)
        self.restore = nn.Sequential(conv1x1(out_channels // 2, out_channels), norm)

    def forward(self, top: Tensor) -> Tensor:
        feature = self.project(top)
        query, key, value = (each(feature).flatten(2) for each in (self.query, self.key, self.value))
        attention = (query.transpose(1, 2) @ key).softmax(dim=-1)
        gathered = (value @ attention.transpose(1, 2)).unflatten(2, (feature.shape[-2], feature.shape[-1]))
        return feature + self.restore(gathered)  # type: ignore[no-any-return]


def use_non_local(model: SFNet) -> None:
    """Replace the context module."""
    model.context = NonLocalContext(model.backbone.channels[-1], model.config.decoder_width)
