"""ImageNet weights for the ResNet trunks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from sfnet_ros.network import SFNet
from sfnet_ros.network.safe_load import safe_load
from sfnet_ros.training.torchvision_import import import_torchvision

logger = logging.getLogger(__name__)

AUTO = 'auto'

# torchvision's ResNets have a 7x7 stem of 64 channels where ours has three 3x3 convolutions, 128 channels wide.
_MAY_STAY_FRESH = ('stem.', 'layer1.0.')


def load_backbone_weights(model: SFNet, source: str) -> None:
    """Fill a ResNet backbone from ImageNet weights.

    The stem, and the first block after it, keep fresh weights where the file is of a ResNet with another stem, such as
    torchvision's; a file of a deep-stem ResNet, as the authors' code uses, fills everything.

    Args:
        model: The network; one on another backbone is left as it is by ``auto``.
        source: ``auto``: torchvision's, if it can find or fetch them, else fresh weights, which is logged; the path of
            a state dict; or empty for fresh weights.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The backbone is no ResNet, or the file is damaged or of another network.
    """
    name = model.config.backbone
    if not source or (source == AUTO and not name.startswith('resnet')):
        return
    if not name.startswith('resnet'):
        raise ValueError(f'backbone_weights are for ResNets; the network is on {name}, leave them empty')
    state = _from_torchvision(name) if source == AUTO else _from_file(Path(source))
    if state is None:
        return
    own = model.backbone.state_dict()
    renamed = {_our_name(key): value for key, value in state.items()}
    fitting = {key: value for key, value in renamed.items() if key in own and own[key].shape == value.shape}
    lacking = [key for key in own if key not in fitting and not key.startswith(_MAY_STAY_FRESH)]
    if lacking:
        raise ValueError(f'the weights from {source} are not those of a {name}: {lacking[0]} is missing in them')
    model.backbone.load_state_dict(fitting, strict=False)
    logger.info('%d of %d tensors of %s start from %s', len(fitting), len(own), name, source)


def _our_name(key: str) -> str:
    for theirs, ours in (('layer0.0.', 'stem.'), ('layer0.1.', 'stem.7.'), ('conv1.', 'stem.'), ('bn1.', 'stem.7.')):
        # A deep stem is conv1.{0,1,3,4,6} and bn1; torchvision's conv1.weight finds no match and is passed over.
        if key.startswith(theirs):
            return ours + key[len(theirs) :]
    return key.replace('.downsample.', '.shortcut.')


def _from_file(path: Path) -> Mapping[str, Tensor]:
    state = safe_load(path, 'backbone_weights')
    state = state.get('state_dict', state) if isinstance(state, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f'backbone_weights {path} hold no state dict; give a file of ImageNet weights')
    return {str(key).removeprefix('module.'): value for key, value in state.items()}


def _from_torchvision(name: str) -> Mapping[str, Tensor] | None:
    import_torchvision('models')
    from torchvision import models

    try:
        state: Mapping[str, Tensor] = models.get_model_weights(name).DEFAULT.get_state_dict(progress=True)
    except (OSError, RuntimeError) as error:
        logger.warning('%s starts from fresh weights: its ImageNet weights cannot be fetched (%s)', name, error)
        return None
    return state
