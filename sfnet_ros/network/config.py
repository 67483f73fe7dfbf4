"""The one description of a network: what a checkpoint carries and a model is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sfnet_ros.network.catalogue import BACKBONES, parse_variant
from sfnet_ros.settings import from_mapping

FINEST_STRIDES = (4, 8, 16)
# Sixteen times that of the widest released network; far more cannot be built.
MOST_WIDTH = 4096


@dataclass(frozen=True)
class SFNetConfig:
    """Architecture of an SFNet; ``None`` is replaced by what the released network of that backbone or variant has.

    Args:
        backbone: A key of ``BACKBONES``: df1, df2, resnet18, resnet50, resnet101, stdc1, stdc2, shufflenetv2,
            efficientnet_lite0, efficientnet_lite1, efficientnet_lite2.
        num_classes: Channels of the logits, 1 to 255 (255 is the ignore index of label maps).
        width: Channels of the decoder.
        finest_stride: Stride of the finest level that the decoder uses and the logits are computed at: 4, 8 or 16.
        dilated: ResNets only: dilate layer3 and layer4 as the released weights expect.
        aux_heads: Build a training-only classifier on each top-down level.
        warp_align_corners: ``align_corners`` of the flow warp; False for some checkpoints of 2020.
        variant: sfnet, a key of ``VARIANTS``, or several joined by ``+``, such as ``fpn+aspp``.

    Raises:
        ValueError: A value is not one of those accepted, or does not go with another one.
    """

    backbone: str = 'df1'
    num_classes: int = 19
    width: int | None = None
    finest_stride: int | None = None
    dilated: bool = True
    aux_heads: bool = False
    warp_align_corners: bool = True
    variant: str = 'sfnet'

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ValueError(f'backbone {self.backbone!r} is not one of {", ".join(BACKBONES)}')
        if not 1 <= self.num_classes <= 255:
            raise ValueError(f'num_classes is {self.num_classes}; accepted are 1 to 255')
        # What a variant is released with goes before what the backbone is.
        released = [*parse_variant(self.variant).values(), BACKBONES[self.backbone]]
        for name in ('width', 'finest_stride'):
            if getattr(self, name) is None:
                given = (getattr(each, name) for each in released)
                object.__setattr__(self, name, next(value for value in given if value is not None))
        if not 2 <= self.decoder_width <= MOST_WIDTH or self.decoder_width % 2:
            raise ValueError(f'width is {self.width}; accepted are even numbers from 2 to {MOST_WIDTH}')
        if self.finest_stride not in FINEST_STRIDES:
            raise ValueError(f'finest_stride is {self.finest_stride}; accepted are {FINEST_STRIDES}')
        self._check_variant()

    def _check_variant(self) -> None:
        for variant in parse_variant(self.variant).values():
            if not self.backbone.startswith(variant.backbones):
                raise ValueError(
                    f'variant {self.variant!r} is for backbones {variant.backbones}*; the backbone is {self.backbone}'
                )
            lacking = set(variant.strides) - set(self.level_strides)
            if lacking:
                raise ValueError(
                    f'variant {self.variant!r} works on a level at stride {min(lacking)}, but {self.backbone} with '
                    f'finest_stride {self.finest_stride} has levels at {", ".join(map(str, self.level_strides))} alone'
                )

    @property
    def decoder_width(self) -> int:
        """``width``, which is never None once the config stands."""
        assert self.width is not None
        return self.width

    @property
    def logits_stride(self) -> int:
        """``finest_stride``, which is never None once the config stands."""
        assert self.finest_stride is not None
        return self.finest_stride

    @property
    def level_strides(self) -> tuple[int, ...]:
        """Strides of the levels that the decoder brings semantics down to, finest first: all but the top one."""
        return tuple(stride for stride in BACKBONES[self.backbone].strides[:-1] if stride >= self.logits_stride)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> SFNetConfig:
        """Build a config from plain values, as a YAML or JSON file holds them.

        Raises:
            ValueError: A key is unknown (its nearest neighbour is named), or a value has the wrong type or range.
        """
        return from_mapping(cls, values, 'network')
