from __future__ import annotations

import os

import torch

from sfnet_ros.training.loading_speed import measure_loading


def test_loader_and_network_are_timed_with_the_workers_that_a_machine_has(config, drive, monkeypatch):
    monkeypatch.setattr(os, 'cpu_count', lambda: 1)
    speed = measure_loading(config(workers=4, init='absent'), drive, torch.device('cpu'), seconds=0.05)
    assert speed.workers == 1
    assert speed.loaded > 0
    assert speed.trained > 0
