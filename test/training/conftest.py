from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from sfnet_ros.datasets import open_dataset
from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.config import TrainingConfig

# Two classes of camvid that colour alone tells apart.
ROAD, CAR = 3, 8


@pytest.fixture(autouse=True)
def _one_thread():
    """Compute on one thread: these networks are so small that several wait for each other most of the time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope='session')
def drive(tmp_path_factory):
    """Six pictures, 48 x 64, of a bright box (car) on a dark ground (road), with a void frame."""
    root = tmp_path_factory.mktemp('drive')
    random = np.random.default_rng(0)
    for folder in ('images', 'labels'):
        (root / folder).mkdir()
    for index in range(6):
        image = random.integers(0, 60, (48, 64, 3)).astype(np.uint8)
        label = np.full((48, 64), ROAD, np.uint8)
        top, left = random.integers(4, 20, 2)
        image[top : top + 20, left : left + 24] += 180
        label[top : top + 20, left : left + 24] = CAR
        label[0] = 11
        cv2.imwrite(str(root / 'images' / f'{index}.png'), image)
        cv2.imwrite(str(root / 'labels' / f'{index}.png'), label)
    return open_dataset('folder', root, '', LabelSpace.load('camvid'))


@pytest.fixture
def config():
    """Give a run of seconds; keyword arguments change it."""

    def build(**changes):
        values = {
            'name': 'tiny',
            'network': {'backbone': 'shufflenetv2', 'num_classes': 11, 'finest_stride': 8, 'width': 16},
            'data': {'root': '', 'layout': 'folder', 'validation_split': ''},
            'augment': {'crop_hw': [32, 64], 'scale_range': [0.8, 1.2]},
            'epochs': 3,
            'batch_size': 2,
            'lr': 0.02,
            'warmup_steps': 2,
            'ema_decay': 0.9,
            'precision': 'float32',
            'workers': 0,
        }
        return TrainingConfig.from_dict({**values, **changes})

    return build
