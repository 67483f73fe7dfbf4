from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import StoragePlugin, Writer

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, TYPES, jpeg_message
from sfnet_ros.cli import main

IMAGE_TOPIC = '/camera/image_raw/compressed'
LATCHED = Qos(
    QosHistory.KEEP_ALL,
    3,
    QosReliability.BEST_EFFORT,
    QosDurability.TRANSIENT_LOCAL,
    QosTime(1, 2),
    QosTime(3, 4),
    QosLiveliness.MANUAL_BY_TOPIC,
    QosTime(5, 6),
    True,
)
DAMAGED = 4


def jpeg(index: int, is_damaged: bool = False) -> bytes:
    rgb = np.random.default_rng(index).integers(0, 255, (24, 32, 3), np.uint8)
    message: Any = jpeg_message(rgb, 90, 1_000_000_000 + index, 'front_left')
    if is_damaged:
        message.data = message.data[:50]
    return bytes(TYPES.serialize_cdr(message, COMPRESSED_IMAGE))


def write_drive(
    folder: Path, plugin: StoragePlugin = StoragePlugin.MCAP, damaged: Collection[int] = (DAMAGED,)
) -> Path:
    """Write seven frames, some damaged, among messages of other topics, some of the same time."""
    with Writer(folder, version=8, storage_plugin=plugin) as writer:
        writer.set_custom_data('site', 'yard')
        blob = writer.add_connection(
            '/blob',
            'my_msgs/msg/Blob',
            msgdef='# made here\nuint8[] data\n',
            rihs01='RIHS01_b21076eb4fded2f02c08b94be9d8bf1bcd80dac7c7d484cfb3e3345eefa466ec',
            offered_qos_profiles=[LATCHED],
        )
        image = writer.add_connection(IMAGE_TOPIC, COMPRESSED_IMAGE, typestore=TYPES)
        for index in range(7):
            at_ns = 5_000_000_000 + index * 10_000_000
            writer.write(blob, at_ns, b'\x00\x01\x00\x00before' + bytes([index]))
            writer.write(image, at_ns, jpeg(index, index in damaged))
            writer.write(blob, at_ns, b'\x00\x01\x00\x00after' + bytes([index]))
    return folder


@pytest.fixture
def make_drive(tmp_path: Path) -> Callable[..., Path]:
    """Give what writes a drive, see `write_drive`, under a name."""

    def make(name: str = 'drive', *more: Any, **options: Any) -> Path:
        return write_drive(tmp_path / name, *more, **options)

    return make


@pytest.fixture(scope='session')
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a drive that all tests share."""
    return write_drive(tmp_path_factory.mktemp('bags') / 'drive')


@pytest.fixture(scope='session')
def calm(drive: Path, small_model: Path) -> Path:
    """Label that drive in one go."""
    out = drive.parent / 'labelled'
    arguments = ['--model', str(small_model), '--backend', 'torch', '--jobs', '1', '--chunk', '2']
    assert main(['bag', 'label', str(drive), '--out', str(out), *arguments]) == 0
    return out
