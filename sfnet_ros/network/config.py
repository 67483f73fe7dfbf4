"""The one description of a network: what a checkpoint carries and a model is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sfnet_ros.network.backbones import BACKBONES
from sfnet_ros.settings import from_mapping

FINEST_STRIDES = (4, 8, 16)


@dataclass(frozen=True)
class SFNetConfig:
    """Architecture of an SFNet; ``None`` is replaced by what the released network of that backbone has.

    Args:
        backbone: A key of ``BACKBONES``: df1, df2, resnet18, resnet50, resnet101.
        num_classes: Channels of the logits, 1 to 255 (255 is the ignore index of label maps).
        width: Channels of the decoder.
        finest_stride: Stride of the finest level that the decoder uses and the logits are computed at: 4, 8 or 16.
        dilated: ResNets only: dilate layer3 and layer4 as the released weights expect.
        aux_heads: Build a training-only classifier on each top-down level.
        warp_align_corners: ``align_corners`` of the flow warp; False for some checkpoints of 2020.
        variant: Which network of ``network.create`` is built.

    Raises:
        ValueError: A value is not one of those accepted.
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
        spec = BACKBONES[self.backbone]
        if self.width is None:
            object.__setattr__(self, 'width', spec.width)
        if self.finest_stride is None:
            object.__setattr__(self, 'finest_stride', spec.finest_stride)
        if self.decoder_width < 2 or self.decoder_width % 2:
            raise ValueError(f'width is {self.width}; accepted are even numbers from 2 on')
        if self.finest_stride not in FINEST_STRIDES:
            raise ValueError(f'finest_stride is {self.finest_stride}; accepted are {FINEST_STRIDES}')

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

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> SFNetConfig:
        """Build a config from plain values, as a YAML or JSON file holds them.

        Raises:
            ValueError: A key is unknown (its nearest neighbour is named), or a value has the wrong type or range.
        """
        return from_mapping(cls, values, 'network')
