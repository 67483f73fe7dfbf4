"""What the trust tests share: how long they run, and a model so small that frames are nearly free."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.runtime import ModelManifest, save_model

from ..ros.conftest import bench, domain, start_process

__all__ = ['bench', 'domain', 'start_process']

FULL = 20_000


@pytest.fixture
def frames(request: pytest.FixtureRequest) -> int:
    """Give how many frames a test sends: all of them with ``--full``, as ``make soak`` has it, or a twentieth."""
    return FULL if request.config.getoption('full') else FULL // 20


@pytest.fixture(scope='session')
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an untrained model with few channels that sees frames very small."""
    torch.manual_seed(0)
    config = SFNetConfig('df1', num_classes=11, width=16)
    manifest = ModelManifest('', label_space='camvid', network=config, network_short_side=32)
    folder = tmp_path_factory.mktemp('models') / 'tiny_df1'
    save_model(folder, create_model(config), manifest)
    return folder
