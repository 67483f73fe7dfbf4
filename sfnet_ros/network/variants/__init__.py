"""What can be changed of the default network, by name: the ablations of the paper, and SFNet-Lite.

The default network knows nothing of them: each takes it as it was built, and replaces parts of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from sfnet_ros.keys import nearest
from sfnet_ros.network.variants.aspp import use_aspp
from sfnet_ros.network.variants.correlation import use_correlation
from sfnet_ros.network.variants.deformable import use_deformable
from sfnet_ros.network.variants.dense_aspp import use_dense_aspp
from sfnet_ros.network.variants.fam_fusion import use_fam_fusion
from sfnet_ros.network.variants.fam_upsampling import use_deconvolution, use_nearest
from sfnet_ros.network.variants.fcn import use_dilated_fcn, use_fcn
from sfnet_ros.network.variants.flow_kernel import use_flow_kernel
from sfnet_ros.network.variants.levels import align_at
from sfnet_ros.network.variants.lite import FINE_STRIDE, MIDDLE_STRIDE, ConvGate, PooledGate, use_lite
from sfnet_ros.network.variants.no_context import use_no_context
from sfnet_ros.network.variants.non_local import use_non_local

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet

DEFAULT = 'sfnet'
JOINT = '+'

_LEVEL_STRIDES = (4, 8, 16, 32)
_CONTEXT, _FLOW, _LEVELS, _FUSION = 'the context module', 'the alignment', 'which levels are aligned', 'the classifier'


@dataclass(frozen=True)
class Variant:
    """One idea.

    Args:
        apply: Change a freshly built default network, in place.
        changes: Parts that it replaces: two variants that share one cannot be joined.
        strides: Levels that it works on, which the network must have.
        backbones: How the names of the backbones begin that it is made for.
        width: What a config's ``width`` is where it is not given; None: what the backbone says.
        finest_stride: Likewise.
    """

    apply: Callable[[SFNet], None]
    changes: tuple[str, ...]
    strides: tuple[int, ...] = ()
    backbones: str = ''
    width: int | None = None
    finest_stride: int | None = None


def _lite(gate: type[PooledGate] | type[ConvGate]) -> Variant:
    strides = (FINE_STRIDE, MIDDLE_STRIDE)
    return Variant(partial(use_lite, gate), (_FLOW, _LEVELS, _FUSION), strides, width=128, finest_stride=FINE_STRIDE)


# In this order they are applied, whatever the order of their names: what is aligned before where.
VARIANTS: dict[str, Variant] = {
    'no_context': Variant(use_no_context, (_CONTEXT,)),
    'aspp': Variant(use_aspp, (_CONTEXT,)),
    'dense_aspp': Variant(use_dense_aspp, (_CONTEXT,)),
    'non_local': Variant(use_non_local, (_CONTEXT,)),
    'fam_fusion': Variant(use_fam_fusion, (_FUSION,)),
    'flow_kernel_1': Variant(partial(use_flow_kernel, 1), (_FLOW,)),
    'flow_kernel_5': Variant(partial(use_flow_kernel, 5), (_FLOW,)),
    'flow_kernel_7': Variant(partial(use_flow_kernel, 7), (_FLOW,)),
    'nearest': Variant(use_nearest, (_FLOW,)),
    'deconvolution': Variant(use_deconvolution, (_FLOW,)),
    'correlation': Variant(use_correlation, (_FLOW,)),
    'deformable': Variant(use_deformable, (_FLOW,)),
    'fpn': Variant(partial(align_at, ()), (_FLOW, _LEVELS)),
    **{
        f'at_{"_".join(map(str, strides))}': Variant(partial(align_at, strides), (_LEVELS,), strides)
        for count in range(1, 1 + len(_LEVEL_STRIDES))
        for strides in combinations(_LEVEL_STRIDES, count)
    },
    'fcn': Variant(use_fcn, (_CONTEXT, _FLOW, _LEVELS, _FUSION)),
    'dilated_fcn': Variant(use_dilated_fcn, (_CONTEXT, _FLOW, _LEVELS, _FUSION), backbones='resnet'),
    'lite': _lite(PooledGate),
    'lite_conv_gate': _lite(ConvGate),
}


def parse_variant(text: str) -> list[Variant]:
    """Read what a config calls its variant: ``'sfnet'``, a key of ``VARIANTS``, or several joined by ``+``.

    Returns:
        The variants in the order in which they are applied; none for the default network.

    Raises:
        ValueError: A name is unknown, or two of them change the same part.
    """
    if text == DEFAULT:
        return []
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
    return [variant for name, variant in VARIANTS.items() if name in names]
