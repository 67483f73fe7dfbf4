"""From a config to a network."""

from __future__ import annotations

from collections.abc import Callable

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.sfnet import SFNet, build_sfnet

VARIANTS: dict[str, Callable[[SFNetConfig], SFNet]] = {'sfnet': build_sfnet}


def create_model(config: SFNetConfig) -> SFNet:
    """Build the network that a config describes, with fresh weights, in training mode.

    Raises:
        ValueError: ``config.variant`` is unknown.
    """
    if config.variant not in VARIANTS:
        raise ValueError(f'variant {config.variant!r} is not one of {", ".join(VARIANTS)}')
    return VARIANTS[config.variant](config)
