"""SFNet: backbone, context, aligned pyramid, classifier."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from sfnet_ros.network.backbones import BUILDERS, Backbone
from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.decoder import AlignedFPNDecoder, PyramidClassifier, auxiliary_head
from sfnet_ros.network.layers import resize_bilinear
from sfnet_ros.network.pyramid_pooling import PyramidPooling


@dataclass(frozen=True)
class SFNetDetails:
    """What a network computed on the way to its logits, levels finest first.

    Args:
        logits: ``(N, K, H, W)`` at the input's size, what ``forward`` returns.
        aux_logits: ``(N, K, h_i, w_i)`` of each level with an auxiliary head; empty without them.
        flows: ``(N, 2, h_i, w_i)`` into each level but the top.
        pyramid: ``(N, C, h_i, w_i)``, the top level last.
    """

    logits: Tensor
    aux_logits: tuple[Tensor, ...]
    flows: tuple[Tensor, ...]
    pyramid: tuple[Tensor, ...]


class SFNet(nn.Module):
    """Semantic flow network, put together from ready parts.

    Source: section 3.3, figure 3(c).
    """

    def __init__(
        self,
        config: SFNetConfig,
        backbone: Backbone,
        context: nn.Module,
        decoder: nn.Module,
        classifier: nn.Module,
        aux_heads: nn.ModuleList,
    ) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.context = context
        self.decoder = decoder
        self.classifier = classifier
        self.aux_heads = aux_heads

    def forward(self, batch: Tensor) -> Tensor:
        """Map normalised pictures ``(N, 3, H, W)`` to logits ``(N, K, H, W)``."""
        return _to_input_size(self.grid_logits(batch), batch)

    def grid_logits(self, batch: Tensor) -> Tensor:
        """Map normalised pictures ``(N, 3, H, W)`` to logits ``(N, K, h, w)`` on the finest level's own grid.

        For callers that want another size than the input's: one resize straight to it is cheaper and sharper than two.
        """
        return self.grid_logits_and_flows(batch)[0]

    def grid_logits_and_flows(self, batch: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Give the flows ``(N, 2, h_i, w_i)`` into each level but the top, finest first, beside `grid_logits`."""
        pyramid, flows = self._pyramid(batch)
        return self.classifier(pyramid), tuple(flows)

    def forward_details(self, batch: Tensor) -> SFNetDetails:
        """Compute logits and everything that training and pictures want to see besides."""
        pyramid, flows = self._pyramid(batch)
        aux_logits = tuple(head(level) for head, level in zip(self.aux_heads, pyramid, strict=False))
        logits = _to_input_size(self.classifier(pyramid), batch)
        return SFNetDetails(logits, aux_logits, tuple(flows), tuple(pyramid))

    def _pyramid(self, batch: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        *features, top = self.backbone(batch)
        pyramid, flows = self.decoder(features, self.context(top))
        return pyramid, flows


def _to_input_size(grid_logits: Tensor, batch: Tensor) -> Tensor:
    return resize_bilinear(grid_logits, (batch.shape[-2], batch.shape[-1]))


def build_sfnet(config: SFNetConfig) -> SFNet:
    """Build the network of the paper with fresh weights."""
    backbone = BUILDERS[config.backbone](config.dilated)
    width = config.decoder_width
    used = [
        channels
        for channels, stride in zip(backbone.channels[:-1], backbone.strides[:-1], strict=True)
        if stride >= config.logits_stride
    ]
    heads = [auxiliary_head(width, config.num_classes) for _ in used] if config.aux_heads else []
    return SFNet(
        config=config,
        backbone=backbone,
        context=PyramidPooling(backbone.channels[-1], width),
        decoder=AlignedFPNDecoder(used, width, config.warp_align_corners),
        classifier=PyramidClassifier(len(used) + 1, width, config.num_classes),
        aux_heads=nn.ModuleList(heads),
    )
