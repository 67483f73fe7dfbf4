"""Small labelled drives, whole, in every format that is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, TYPES, jpeg_message, label_message

FRAMES = 8
_HW = (24, 32)
_TWIST = 'geometry_msgs/msg/Twist'


def grey(value: int, hw: tuple[int, int] = _HW) -> NDArray[np.uint8]:
    return np.full((*hw, 3), value, np.uint8)


def make_whole_bags(root: Path) -> dict[str, Path]:
    """Write a small labelled drive in every format that is read."""
    bags = {}
    for plugin in StoragePlugin:
        for mode in CompressionMode:
            if (plugin, mode) != (StoragePlugin.SQLITE3, CompressionMode.STORAGE):
                name = f'{plugin.name}_{mode.name}'.lower()
                bags[name] = write_ros2(root / name, plugin, mode)
    return {**bags, 'ros1': write_ros1(root / 'ros1.bag'), 'ros1_bz2': write_ros1(root / 'ros1_bz2.bag', 'BZ2')}


def messages() -> list[tuple[str, str, int, Any]]:
    """Give topic, type, time and message of all that is in them, three for each frame."""
    random = np.random.default_rng(0)
    found: list[tuple[str, str, int, Any]] = []
    vector = TYPES.types['geometry_msgs/msg/Vector3'](1.0, 2.0, 3.0)
    for index in range(FRAMES):
        at_ns = 10**9 + index * 10**8
        rgb = np.kron(random.integers(0, 256, (3, 4, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
        labels = random.integers(0, 11, _HW, np.uint8)
        found += [
            (IMAGE_TOPIC, COMPRESSED_IMAGE, at_ns, jpeg_message(rgb, 95, at_ns, 'camera')),
            (LABEL_TOPIC, COMPRESSED_IMAGE, at_ns, label_message(labels, at_ns, 'camera')),
            ('/cmd_vel', _TWIST, at_ns, TYPES.types[_TWIST](vector, vector)),
        ]
    return found


def write_ros2(
    folder: Path,
    plugin: StoragePlugin = StoragePlugin.MCAP,
    mode: CompressionMode = CompressionMode.NONE,
    frames: range = range(FRAMES),
) -> Path:
    """Write a bag of 8 frames, or fewer, their labels and another topic; an MCAP file has a chunk for each frame."""
    writer = Writer(folder, version=8, storage_plugin=plugin)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    writer.set_custom_data('label_space', 'camvid')
    connections = {}
    with writer:
        for topic, kind, at_ns, message in messages()[3 * frames.start : 3 * frames.stop]:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=TYPES)
            writer.write(connections[topic], at_ns, TYPES.serialize_cdr(message, kind))
            if plugin is StoragePlugin.MCAP and topic == LABEL_TOPIC:
                # A chunk a frame, so that one can be lost and others not.
                writer.storage.close_chunk()
    return folder


def write_ros1(file: Path, compression: str | None = None) -> Path:
    """Write the same for ROS 1."""
    types = get_typestore(Stores.ROS1_NOETIC)
    writer = Writer1(file)
    if compression:
        writer.set_compression(Writer1.CompressionFormat[compression])
    connections = {}
    with writer:
        for topic, kind, at_ns, message in messages():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=types)
            raw = TYPES.cdr_to_ros1(TYPES.serialize_cdr(message, kind), kind)
            writer.write(connections[topic], at_ns, raw)
    return file
