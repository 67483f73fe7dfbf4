"""What can be changed of the default network, by name: the ablations of the paper, and SFNet-Lite.

The default network knows nothing of them: each takes it as it was built, and replaces parts of it, in place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from sfnet_ros.network.catalogue import ALIGNED_AT
from sfnet_ros.network.variants.aspp import use_aspp
from sfnet_ros.network.variants.correlation import use_correlation
from sfnet_ros.network.variants.deformable import use_deformable
from sfnet_ros.network.variants.dense_aspp import use_dense_aspp
from sfnet_ros.network.variants.fam_fusion import use_fam_fusion
from sfnet_ros.network.variants.fam_upsampling import use_deconvolution, use_nearest
from sfnet_ros.network.variants.fcn import use_dilated_fcn, use_fcn
from sfnet_ros.network.variants.flow_kernel import use_flow_kernel
from sfnet_ros.network.variants.levels import align_at
from sfnet_ros.network.variants.lite import ConvGate, PooledGate, use_lite
from sfnet_ros.network.variants.no_context import use_no_context
from sfnet_ros.network.variants.non_local import use_non_local

if TYPE_CHECKING:
    from sfnet_ros.network.sfnet import SFNet

# By the names of the catalogue.
CHANGES: dict[str, Callable[[SFNet], None]] = {
    'no_context': use_no_context,
    'aspp': use_aspp,
    'dense_aspp': use_dense_aspp,
    'non_local': use_non_local,
    'fam_fusion': use_fam_fusion,
    'flow_kernel_1': partial(use_flow_kernel, 1),
    'flow_kernel_5': partial(use_flow_kernel, 5),
    'flow_kernel_7': partial(use_flow_kernel, 7),
    'nearest': use_nearest,
    'deconvolution': use_deconvolution,
    'correlation': use_correlation,
    'deformable': use_deformable,
    'fpn': partial(align_at, ()),
    **{name: partial(align_at, strides) for name, strides in ALIGNED_AT.items()},
    'fcn': use_fcn,
    'dilated_fcn': use_dilated_fcn,
    'lite': partial(use_lite, PooledGate),
    'lite_conv_gate': partial(use_lite, ConvGate),
}
