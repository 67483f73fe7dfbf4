"""Start a network from another one's weights."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.fit import refuse_partial_fit

if TYPE_CHECKING:
    from sfnet_ros.network import SFNet

logger = logging.getLogger(__name__)

_AUXILIARY = 'aux_heads.'
_PREDICTION = 'classifier.predict.'


def check_start(ours: SFNetConfig, theirs: SFNetConfig) -> None:
    """Refuse a network that one of another architecture cannot start from.

    Raises:
        ValueError: The two differ in more than their classes.
    """
    for name in ('backbone', 'width', 'finest_stride', 'variant'):
        if getattr(ours, name) != getattr(theirs, name):
            raise ValueError(
                f'the model to start from has {name} {getattr(theirs, name)} and the network {getattr(ours, name)}; '
                'give both the same, or start from fresh weights with init empty'
            )


def warm_start(model: SFNet, source: SFNet) -> None:
    """Copy all weights but those of training alone; of another number of classes, all but the last layer's too.

    Args:
        model: The network to fill; what is not copied keeps its fresh weights.
        source: The network to start from.

    Raises:
        ValueError: The two are not of one architecture.
    """
    ours, theirs = model.config, source.config
    check_start(ours, theirs)
    fresh = [_AUXILIARY]
    if ours.num_classes != theirs.num_classes:
        fresh.append(_PREDICTION)
        logger.info('the last layer starts fresh: %d classes instead of %d', ours.num_classes, theirs.num_classes)
    wanted = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith(tuple(fresh))}
    given = {name: tensor for name, tensor in source.state_dict().items() if not name.startswith(tuple(fresh))}
    refuse_partial_fit(given, wanted)
    model.load_state_dict(given, strict=False)
