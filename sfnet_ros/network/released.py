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
from sfnet_ros.network.create import create_without_weights
from sfnet_ros.network.fit import refuse_partial_fit
from sfnet_ros.network.released_names import name_once, rename, stdc_stages
from sfnet_ros.network.safe_load import safe_load
from sfnet_ros.network.sfnet import SFNet

# The DataParallel wrapper they were saved through.
_WRAPPER_PREFIX = 'module.'

# Blocks in layer3 and channels of layer1's output tell the ResNets apart.
_RESNETS = {(2, 64): 'resnet18', (6, 256): 'resnet50', (23, 256): 'resnet101'}
# Blocks that begin STDC's stages, counted from the stem on.
_STDCS: dict[tuple[int, ...], str] = {(2, 4, 6): 'stdc1', (2, 6, 11): 'stdc2'}
_ACCEPTED = 'accepted are SFNet on DF1, DF2, ResNet-18, -50 and -101 and STDC1 and 2, and SFNet-Lite'


def load_released_checkpoint(
    checkpoint: str | Path | Mapping[str, Tensor], *, dilated: bool = True, warp_align_corners: bool = True
) -> tuple[SFNet, SFNetConfig]:
    """Load an SFNet or SFNet-Lite that the authors' code saved.

    What it carries and never runs is left out: a classifier of ImageNet, second names of tensors, a spare lateral, and
    the auxiliary head of SFNet-Lite, which nothing trains.

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
    model = create_without_weights(config)
    state = rename(released)
    refuse_partial_fit(state, model.state_dict())
    model.load_state_dict({name: tensor.clone() for name, tensor in state.items()}, assign=True)
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


def _infer_config(released: Mapping[str, Tensor], dilated: bool, warp_align_corners: bool) -> SFNetConfig:
    predict, lateral = released.get('head.conv_last.1.weight'), released.get('head.fpn_in.0.0.weight')
    if predict is None or lateral is None or predict.ndim != 4 or lateral.ndim != 4:
        raise ValueError(
            'this state dict is not of a released SFNet: it lacks head.conv_last.1.weight or head.fpn_in.0.0.weight or '
            f'has them in another shape; {_ACCEPTED}'
        )
    variant = _infer_variant(released)
    return SFNetConfig(
        backbone=_infer_backbone(released),
        num_classes=predict.shape[0],
        width=lateral.shape[0],
        # Lite's is never run, see `rename`.
        aux_heads=not variant.startswith('lite') and any(key.startswith('head.dsn.') for key in released),
        dilated=dilated,
        warp_align_corners=warp_align_corners,
        variant=variant,
    )


def _infer_variant(released: Mapping[str, Tensor]) -> str:
    gate = released.get('head.flow_align_module.flow_gate.0.weight')
    if gate is not None:
        # The released gate sees a mean and a maximum of each of two maps, the other one all their channels.
        return 'lite' if gate.shape[1:2] == (4,) else 'lite_conv_gate'
    aligned = any(key.startswith('head.fpn_out_align.') for key in released)
    return 'sfnet' if aligned else 'fpn'


def _infer_backbone(released: Mapping[str, Tensor]) -> str:
    if 'backbone.stage5.0.conv1.weight' in released:
        return 'df1'
    if 'backbone.stage4_2.0.conv1.weight' in released:
        return 'df2'
    first_blocks = tuple(stdc_stages(name_once(released)))
    blocks = {key.split('.')[1] for key in released if key.startswith('layer3.')}
    shape = (len(blocks), released['head.fpn_in.0.0.weight'].shape[1])
    backbone = _STDCS.get(first_blocks) if first_blocks else _RESNETS.get(shape)
    if backbone is None:
        found = f'{len(blocks)} blocks in layer3' if blocks else f'{len(first_blocks)} stages of STDC'
        raise ValueError(f'this state dict has a backbone that is not known ({found}); {_ACCEPTED}')
    return backbone
