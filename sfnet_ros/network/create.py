"""From a config to a network."""

from __future__ import annotations

import torch

from sfnet_ros.network.catalogue import parse_variant
from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.sfnet import SFNet, build_sfnet
from sfnet_ros.network.variants import CHANGES


def create_model(config: SFNetConfig) -> SFNet:
    """Build the network that a config describes, with fresh weights, in training mode."""
    model = build_sfnet(config)
    for name in parse_variant(config.variant):
        CHANGES[name](model)
    return model


def create_without_weights(config: SFNetConfig) -> SFNet:
    """Build the network on torch's meta device, which knows shapes alone.

    That is all that counting needs; weights that follow are assigned, and no random ones are drawn for them to replace.
    """
    with torch.device('meta'):
        return create_model(config)
