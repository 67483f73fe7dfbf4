"""Which network is measured: a model's, or one that has no weights to download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from sfnet_ros.keys import nearest
from sfnet_ros.network import SFNet, SFNetConfig, create_model
from sfnet_ros.network.backbones.blocks import BasicBlock, Bottleneck
from sfnet_ros.network.catalogue import BACKBONES
from sfnet_ros.network.flow_alignment import FlowAlignmentModule
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel, ModelManifest, find_model, load_manifest
from sfnet_ros.runtime.model_store import load_deploy_model, load_model

_SEED = 0
# The released networks are made for Cityscapes at this size.
_LABEL_SPACE, _SHORT_SIDE = 'cityscapes', 1024
_GAIN_OF_A_BLOCK = 0.25


@dataclass(frozen=True)
class Subject:
    """Name a network.

    Args:
        name: What its rows are called.
        folder: Of the model; None for random weights.
        backbone: Of a network as it was released, for 19 classes, with random weights that are the same every time.
    """

    name: str
    folder: Path | None = None
    backbone: str = ''

    @classmethod
    def of_model(cls, name_or_folder: str) -> Subject:
        """Name a model's network, see `find_model`.

        Raises:
            ValueError: There is no such model.
        """
        folder = find_model(name_or_folder)
        return cls(load_manifest(folder).name, folder.resolve())

    @classmethod
    def of_backbone(cls, backbone: str) -> Subject:
        """Name a released network by its backbone.

        Raises:
            ValueError: There is no such backbone.
        """
        if backbone not in BACKBONES:
            raise ValueError(f'network {backbone!r} is not known; {nearest(backbone, BACKBONES)}')
        return cls(f'{backbone}_random', backbone=backbone)

    @property
    def manifest(self) -> ModelManifest:
        """Tell what is known of it."""
        if self.folder is not None:
            return load_manifest(self.folder)
        return ModelManifest(self.name, _LABEL_SPACE, SFNetConfig(self.backbone), _SHORT_SIDE)

    def load(self) -> SFNet:
        """Give the network on the CPU, in evaluation mode."""
        if self.folder is not None:
            return load_model(self.folder)[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            return _make_lifelike(create_model(self.manifest.network)).eval()

    def load_deploy_model(self) -> DeployModel:
        """Give it as backends take it."""
        if self.folder is not None:
            return load_deploy_model(self.folder)[0]
        return DeployModel(self.load(), PixelNormalizer())


def _make_lifelike(model: SFNet) -> SFNet:
    """Let fresh weights compute with numbers of about the size of a trained network's."""
    for module in model.modules():
        if isinstance(module, BasicBlock | Bottleneck):
            # As it starts, every block doubles the variance, and a deep network leaves what half precision holds.
            last_norm = module.bn3 if isinstance(module, Bottleneck) else module.bn2
            nn.init.constant_(last_norm.weight, _GAIN_OF_A_BLOCK)
        elif isinstance(module, FlowAlignmentModule):
            # As it starts, at no flow, every warp is a plain resize.
            nn.init.kaiming_normal_(module.flow.weight)
    return model
