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

FROM_TORCHVISION = 'torchvision'


def load_backbone_weights(model: SFNet, source: str) -> int:
    """Fill a ResNet backbone from ImageNet weights, as far as the architectures agree.

    torchvision's ResNets have a 7x7 stem where this one has three 3x3 convolutions, so the stem and what reads its 128
    channels keep their fresh weights. A file of a deep-stem ResNet, as the authors' code uses, fills everything.

    Args:
        model: A network on a ResNet.
        source: 'torchvision' (found in torch's cache or fetched), or the path of a state dict.

    Returns:
        How many of the backbone's tensors were filled.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The backbone is no ResNet, or the weights could not be fetched or read.
    """
    name = model.config.backbone
    if not name.startswith('resnet'):
        raise ValueError(f'backbone_weights are for ResNets; the network is on {name}, leave them empty')
    state = _from_torchvision(name) if source == FROM_TORCHVISION else _from_file(Path(source))
    own = model.backbone.state_dict()
    renamed = {_our_name(key): value for key, value in state.items()}
    fitting = {key: value for key, value in renamed.items() if key in own and own[key].shape == value.shape}
    if not any(key.startswith('layer4.') for key in fitting):
        raise ValueError(f'the weights from {source} are not those of a {name}: nothing in layer4 fits')
    model.backbone.load_state_dict(fitting, strict=False)
    logger.info('%d of %d tensors of %s start from %s', len(fitting), len(own), name, source)
    return len(fitting)


def _our_name(key: str) -> str:
    for theirs, ours in (('layer0.0.', 'stem.'), ('layer0.1.', 'stem.7.'), ('conv1.', 'stem.'), ('bn1.', 'stem.7.')):
        # A deep stem is conv1.{0,1,3,4,6} and bn1; torchvision's conv1.weight finds no match and is passed over.
        if key.startswith(theirs):
            return ours + key[len(theirs) :]
    return key.replace('.downsample.', '.shortcut.')


def _from_file(path: Path) -> Mapping[str, Tensor]:
    state = safe_load(path, 'backbone_weights')
    state = state.get('state_dict', state)
    return {key.removeprefix('module.'): value for key, value in state.items()}


def _from_torchvision(name: str) -> Mapping[str, Tensor]:
    import_torchvision('models')
    from torchvision import models

    try:
        state: Mapping[str, Tensor] = models.get_model_weights(name).DEFAULT.get_state_dict(progress=True)
    except OSError as error:
        raise ValueError(
            f'the ImageNet weights of {name} could not be fetched ({error}); give backbone_weights the path of a file'
        ) from error
    return state
