"""What a config can name, and what each name brings along: read without torch, so that a mistake is told at once.

How they are built is in ``backbones`` and ``variants``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from sfnet_ros.keys import nearest

DEFAULT = 'sfnet'
JOINT = '+'

LITE_STRIDES = (4, 16)

_LEVEL_STRIDES = (4, 8, 16, 32)
_CONTEXT, _FLOW, _LEVELS, _FUSION = 'the context module', 'the alignment', 'which levels are aligned', 'the classifier'


@dataclass(frozen=True)
class BackboneSpec:
    """Decoder width and finest stride of the released SFNet on a backbone, and the strides of its maps."""

    width: int
    finest_stride: int
    strides: tuple[int, ...] = _LEVEL_STRIDES


BACKBONES: dict[str, BackboneSpec] = {
    'df1': BackboneSpec(width=64, finest_stride=16, strides=(4, 8, 16, 32, 32)),
    'df2': BackboneSpec(width=64, finest_stride=8),
    'resnet18': BackboneSpec(width=128, finest_stride=4),
    'resnet50': BackboneSpec(width=256, finest_stride=4),
    'resnet101': BackboneSpec(width=256, finest_stride=4),
    'stdc1': BackboneSpec(width=64, finest_stride=4),
    'stdc2': BackboneSpec(width=64, finest_stride=4),
    # Not released: as wide as the other light ones, and as fine as all but DF.
    'shufflenetv2': BackboneSpec(width=64, finest_stride=4),
    'efficientnet_lite0': BackboneSpec(width=64, finest_stride=8),
    'efficientnet_lite1': BackboneSpec(width=64, finest_stride=8),
    'efficientnet_lite2': BackboneSpec(width=64, finest_stride=8),
}


@dataclass(frozen=True)
class VariantSpec:
    """One idea.

    Args:
        changes: Parts that it replaces: two variants that share one cannot be joined.
        strides: Levels that it works on, which the network must have.
        backbones: How the names of the backbones begin that it is made for.
        width: What a config's ``width`` is where it is not given; None: what the backbone says.
        finest_stride: Likewise.
    """

    changes: tuple[str, ...]
    strides: tuple[int, ...] = ()
    backbones: str = ''
    width: int | None = None
    finest_stride: int | None = None


# Alignment into some levels alone.
ALIGNED_AT: dict[str, tuple[int, ...]] = {
    f'at_{"_".join(map(str, strides))}': strides
    for count in range(1, 1 + len(_LEVEL_STRIDES))
    for strides in combinations(_LEVEL_STRIDES, count)
}
_LITE = VariantSpec((_FLOW, _LEVELS, _FUSION), LITE_STRIDES, width=128, finest_stride=LITE_STRIDES[0])

# In this order they are applied, whatever the order of their names: what is aligned before where.
VARIANTS: dict[str, VariantSpec] = {
    'no_context': VariantSpec((_CONTEXT,)),
    'aspp': VariantSpec((_CONTEXT,)),
    'dense_aspp': VariantSpec((_CONTEXT,)),
    'non_local': VariantSpec((_CONTEXT,)),
    'fam_fusion': VariantSpec((_FUSION,)),
    'flow_kernel_1': VariantSpec((_FLOW,)),
    'flow_kernel_5': VariantSpec((_FLOW,)),
    'flow_kernel_7': VariantSpec((_FLOW,)),
    'nearest': VariantSpec((_FLOW,)),
    'deconvolution': VariantSpec((_FLOW,)),
    'correlation': VariantSpec((_FLOW,)),
    'deformable': VariantSpec((_FLOW,)),
    'fpn': VariantSpec((_FLOW, _LEVELS)),
    **{name: VariantSpec((_LEVELS,), strides) for name, strides in ALIGNED_AT.items()},
    'fcn': VariantSpec((_CONTEXT, _FLOW, _LEVELS, _FUSION)),
    'dilated_fcn': VariantSpec((_CONTEXT, _FLOW, _LEVELS, _FUSION), backbones='resnet'),
    'lite': _LITE,
    'lite_conv_gate': _LITE,
}


def parse_variant(text: str) -> dict[str, VariantSpec]:
    """Read what a config calls its variant: ``'sfnet'``, a key of ``VARIANTS``, or several joined by ``+``.

    Returns:
        The variants by name, in the order in which they are applied; none for the default network.

    Raises:
        ValueError: A name is unknown, or two of them change the same part.
    """
    if text == DEFAULT:
        return {}
    names = text.split(JOINT)
    for name in names:
        if name == DEFAULT:
            raise ValueError(f'variant {text!r}: {name!r} is the default network; join others without naming it')
        if name not in VARIANTS:
            raise ValueError(f'variant {text!r}: {name!r} is not known; {nearest(name, [DEFAULT, *VARIANTS])}')
    for one, other in combinations(names, 2):
        shared = [part for part in VARIANTS[one].changes if part in VARIANTS[other].changes]
        if shared:
            raise ValueError(f'variant {text!r}: {one} and {other} both change {shared[0]}; choose one of them')
    return {name: variant for name, variant in VARIANTS.items() if name in names}
