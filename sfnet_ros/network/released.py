"""Import of the weights that the authors released.

Source: checkpoint layout and state-dict names of the authors' released code (2020 to 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.create import create_model
from sfnet_ros.network.fit import refuse_partial_fit
from sfnet_ros.network.safe_load import safe_load
from sfnet_ros.network.sfnet import SFNet

# The DataParallel wrapper they were saved through.
_WRAPPER_PREFIX = 'module.'

# Released name, our name; the first prefix that fits is replaced.
_RESNET_PREFIXES = (('layer0.0.', 'backbone.stem.'), ('layer0.1.', 'backbone.stem.7.'), ('layer', 'backbone.layer'))
_DF_PREFIXES = (('backbone.stage1.', 'backbone.stem.'),)
_HEAD_PREFIXES = (
    ('head.ppm.stages.', 'context.branches.'),
    ('head.ppm.bottleneck.', 'context.project.'),
    ('head.fpn_in.', 'decoder.laterals.'),
    ('head.fpn_out_align.', 'decoder.alignments.'),
    ('head.fpn_out.', 'classifier.smooth.'),
    ('head.conv_last.0.', 'classifier.fuse.'),
    ('head.conv_last.1.', 'classifier.predict.'),
    ('head.dsn.', 'aux_heads.'),
)
_PART_NAMES = {'downsample': 'shortcut', 'down_h': 'reduce_coarse', 'down_l': 'reduce_fine', 'flow_make': 'flow'}

# Blocks in layer3 and channels of layer1's output tell the ResNets apart.
_RESNETS = {(2, 64): 'resnet18', (6, 256): 'resnet50', (23, 256): 'resnet101'}


def load_released_checkpoint(
    checkpoint: str | Path | Mapping[str, Tensor], *, dilated: bool = True, warp_align_corners: bool = True
) -> tuple[SFNet, SFNetConfig]:
    """Load an SFNet that the authors' code saved.

    Args:
        checkpoint: A file (zip or legacy format, bare or with optimizer state), or a state dict in the released names.
        dilated: ResNets: whether layer3 and layer4 were dilated in training; no shape tells it.
        warp_align_corners: ``align_corners`` of the flow warp in training; False for some files of 2020.

    Returns:
        The network in evaluation mode, and its config as told from the shapes.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no checkpoint, holds a pickle with more than tensors, or does not fit wholly.
    """
    named = checkpoint if isinstance(checkpoint, Mapping) else _read(Path(checkpoint))
    released = {str(key).removeprefix(_WRAPPER_PREFIX): value for key, value in named.items()}
    config = _infer_config(released, dilated, warp_align_corners)
    model = create_model(config)
    state = {_our_name(key): value for key, value in released.items()}
    refuse_partial_fit(state, model.state_dict())
    model.load_state_dict(state)
    return model.eval(), config


def _read(path: Path) -> dict[str, Tensor]:
    # mean_iu was saved as a numpy.float64: allow just what rebuilds that number, under both names of NumPy's module.
    scalar: Callable[..., Any] = np.float64(0).__reduce__()[0]  # type: ignore[assignment]  # NumPy says str | tuple
    names = ('numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar')
    content = safe_load(path, 'checkpoint', [*((scalar, name) for name in names), np.dtype, type(np.dtype(np.float64))])
    state = content.get('state_dict', content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f'{path} holds no state dict; accepted are files with one, bare or under the key state_dict')
    return state


def _our_name(released_name: str) -> str:
    name = released_name
    for prefix, replacement in (*_RESNET_PREFIXES, *_DF_PREFIXES, *_HEAD_PREFIXES):
        if name.startswith(prefix):
            name = replacement + name[len(prefix) :]
            break
    parts = [_PART_NAMES.get(part, part) for part in name.split('.')]
    if name.startswith('context.branches.') and len(parts) == 5 and parts[3].isdecimal():
        # The released branches begin with the pooling layer, ours with the convolution.
        parts[3] = str(int(parts[3]) - 1)
    elif name.startswith('classifier.smooth.') and len(parts) == 6:
        # The released side branches are wrapped twice.
        del parts[3]
    return '.'.join(parts)


def _infer_config(released: Mapping[str, Tensor], dilated: bool, warp_align_corners: bool) -> SFNetConfig:
    predict, lateral = released.get('head.conv_last.1.weight'), released.get('head.fpn_in.0.0.weight')
    if predict is None or lateral is None or predict.ndim != 4 or lateral.ndim != 4:
        raise ValueError(
            'this state dict is not of a released SFNet: it lacks head.conv_last.1.weight or head.fpn_in.0.0.weight or '
            'has them in another shape; accepted are SFNet on DF1, DF2, ResNet-18, ResNet-50 and ResNet-101'
        )
    return SFNetConfig(
        backbone=_infer_backbone(released),
        num_classes=predict.shape[0],
        width=lateral.shape[0],
        aux_heads=any(key.startswith('head.dsn.') for key in released),
        dilated=dilated,
        warp_align_corners=warp_align_corners,
    )


def _infer_backbone(released: Mapping[str, Tensor]) -> str:
    if 'backbone.stage5.0.conv1.weight' in released:
        return 'df1'
    if 'backbone.stage4_2.0.conv1.weight' in released:
        return 'df2'
    blocks = {key.split('.')[1] for key in released if key.startswith('layer3.')}
    first_lateral = released['head.fpn_in.0.0.weight']
    resnet = _RESNETS.get((len(blocks), first_lateral.shape[1]))
    if resnet is None:
        raise ValueError(
            f'this state dict has a backbone that is not known ({len(blocks)} blocks in layer3); '
            'accepted are SFNet on DF1, DF2, ResNet-18, ResNet-50 and ResNet-101'
        )
    return resnet
