"""ImageNet weights for the ResNets: torchvision's, or those of a deep-stem ResNet as the authors' code uses."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from torch import Tensor

from sfnet_ros.training.torchvision_import import import_torchvision

logger = logging.getLogger(__name__)

_PREFIXES = (('layer0.0.', 'stem.'), ('layer0.1.', 'stem.7.'), ('conv1.', 'stem.'), ('bn1.', 'stem.7.'))


def from_torchvision(backbone: str) -> Mapping[str, Tensor] | None:
    """Find or fetch torchvision's weights; None, and a warning: it could do neither."""
    import_torchvision('models')
    from torchvision import models

    try:
        state: Mapping[str, Tensor] = models.get_model_weights(backbone).DEFAULT.get_state_dict(progress=True)
    except (OSError, RuntimeError) as error:
        logger.warning('%s starts from fresh weights: its ImageNet weights cannot be fetched (%s)', backbone, error)
        return None
    return state


def in_our_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a state dict; what we have no part for keeps its name."""
    return {_our_name(key): value for key, value in state.items()}


def _our_name(key: str) -> str:
    for theirs, ours in _PREFIXES:
        # A deep stem is conv1.{0,1,3,4,6} and bn1; torchvision's conv1.weight finds no match and is passed over.
        if key.startswith(theirs):
            return ours + key[len(theirs) :]
    return key.replace('.downsample.', '.shortcut.')
