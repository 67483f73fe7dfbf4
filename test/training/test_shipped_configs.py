from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfnet_ros.cli import main
from sfnet_ros.datasets import LAYOUTS
from sfnet_ros.training.config import TrainingConfig

FOLDER = Path(__file__).parents[2] / 'config' / 'train'
SHIPPED = sorted(FOLDER.glob('*.yaml'))
# Rows of each table of the paper.
ROWS = {
    '1a': 6,
    '1b': 6,
    '1c': 5,
    '1d': 10,
    '2a': 3,
    '2b': 4,
    '2c': 2,
    '2d': 4,
    '3': 4,
    '4': 2,
    '5a': 4,
    '5b': 4,
    '6': 3,
}


def test_each_row_of_the_paper_has_a_config():
    names = [path.stem for path in SHIPPED]
    assert {table: sum(name.startswith(f'table{table}_') for name in names) for table in ROWS} == ROWS
    assert {'mapillary_resnet18', 'lite_resnet18', 'lite_stdc1', 'lite_stdc2'} <= set(names)


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_a_dry_run_of_each_config_takes_two_steps(path, capsys):
    config = TrainingConfig.load(path)
    assert config.data.layout in LAYOUTS
    assert set(config.data.split.split('+')) <= set(LAYOUTS[config.data.layout].splits or [config.data.split])
    assert main(['train', '--config', str(path), '--dry-run', '--device', 'cpu']) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f'{config.name}: 2 steps on generated pictures')
    losses = [float(number) for number in re.search(r'loss ([\d.]+), ([\d.]+)$', printed).groups()]
    assert all(0.5 < loss < 50 for loss in losses), printed
