"""Recordings as power cuts, full disks and bit rot leave them: whole bags of every kind, and ways to harm them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, TYPES, jpeg_message, label_message

FRAMES = 8
_HW = (24, 32)
_TWIST = 'geometry_msgs/msg/Twist'

# Numbers that lengths and offsets are damaged to.
_LIES = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 2**40, 2**63 - 1, 2**64 - 1)


def make_whole_bags(root: Path) -> dict[str, Path]:
    """Write a small labelled drive in every format that is read."""
    bags = {}
    for plugin in StoragePlugin:
        for mode in CompressionMode:
            if (plugin, mode) != (StoragePlugin.SQLITE3, CompressionMode.STORAGE):
                name = f'{plugin.name}_{mode.name}'.lower()
                bags[name] = _write_ros2(root / name, plugin, mode)
    return {**bags, 'ros1': _write_ros1(root / 'ros1.bag', None), 'ros1_bz2': _write_ros1(root / 'ros1_bz2.bag', 'BZ2')}


def _messages() -> list[tuple[str, str, int, Any]]:
    random = np.random.default_rng(0)
    messages: list[tuple[str, str, int, Any]] = []
    vector = TYPES.types['geometry_msgs/msg/Vector3'](1.0, 2.0, 3.0)
    for index in range(FRAMES):
        at_ns = 10**9 + index * 10**8
        rgb = np.kron(random.integers(0, 256, (3, 4, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
        labels = random.integers(0, 11, _HW, np.uint8)
        messages += [
            (IMAGE_TOPIC, COMPRESSED_IMAGE, at_ns, jpeg_message(rgb, 95, at_ns, 'camera')),
            (LABEL_TOPIC, COMPRESSED_IMAGE, at_ns, label_message(labels, at_ns, 'camera')),
            ('/cmd_vel', _TWIST, at_ns, TYPES.types[_TWIST](vector, vector)),
        ]
    return messages


def _write_ros2(folder: Path, plugin: StoragePlugin, mode: CompressionMode) -> Path:
    writer = Writer(folder, version=8, storage_plugin=plugin)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    writer.set_custom_data('label_space', 'camvid')
    connections = {}
    with writer:
        for topic, kind, at_ns, message in _messages():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=TYPES)
            writer.write(connections[topic], at_ns, TYPES.serialize_cdr(message, kind))
            if plugin is StoragePlugin.MCAP and topic == LABEL_TOPIC:
                # A chunk a frame, so that one can be lost and others not.
                writer.storage.close_chunk()
    return folder


def _write_ros1(file: Path, compression: str | None) -> Path:
    types = get_typestore(Stores.ROS1_NOETIC)
    writer = Writer1(file)
    if compression:
        writer.set_compression(Writer1.CompressionFormat[compression])
    connections = {}
    with writer:
        for topic, kind, at_ns, message in _messages():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=types)
            raw = TYPES.cdr_to_ros1(TYPES.serialize_cdr(message, kind), kind)
            writer.write(connections[topic], at_ns, raw)
    return file


def harm(whole: Path, harmed: Path, random: Random) -> str:
    """Copy a bag and harm the copy.

    Returns:
        What was done to it.
    """
    if whole.is_dir():
        shutil.copytree(whole, harmed)
    else:
        shutil.copyfile(whole, harmed)
    files = sorted(harmed.iterdir()) if harmed.is_dir() else [harmed]
    # The data is harmed more often than metadata.yaml, which is the last by name.
    file = random.choice([files[0], files[0], *files])
    how = random.choice(HARMS)
    data = file.read_bytes()
    file.write_bytes(how(data, random))
    return f'{how.__name__} of {file.name}, {len(data)} bytes'


def cut(data: bytes, random: Random) -> bytes:
    """End early, as where the power went."""
    return data[: random.randrange(len(data))]


def flip(data: bytes, random: Random) -> bytes:
    """Change a few bits, mostly where the format's own bytes are."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 30))):
        changed[_somewhere(data, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def lie(data: bytes, random: Random) -> bytes:
    """Write a number that is none of a length or an offset."""
    at, size = _somewhere(data, random), random.choice((4, 8))
    return data[:at] + (random.choice(_LIES) % 2 ** (8 * size)).to_bytes(size, 'little') + data[at + size :]


def blank(data: bytes, random: Random) -> bytes:
    """Lose a run of bytes to zeros, as a file system does that comes back."""
    at = _somewhere(data, random)
    length = min(random.choice((16, 512, 4096)), len(data) - at)
    return data[:at] + bytes(length) + data[at + length :]


def drop(data: bytes, random: Random) -> bytes:
    """Lose a run of bytes altogether."""
    at = _somewhere(data, random)
    return data[:at] + data[at + random.choice((1, 7, 512, 4096)) :]


def repeat(data: bytes, random: Random) -> bytes:
    """Have a run of bytes twice."""
    at = _somewhere(data, random)
    return data[: at + random.choice((1, 64, 4096))] + data[at:]


def noise(data: bytes, random: Random) -> bytes:
    """Be something else from somewhere on."""
    at = _somewhere(data, random)
    return data[:at] + random.randbytes(len(data) - at)


HARMS: tuple[Callable[[bytes, Random], bytes], ...] = (cut, cut, flip, flip, lie, lie, blank, drop, repeat, noise)


def _somewhere(data: bytes, random: Random) -> int:
    """Choose a byte: one of a head or an index, which lie at the ends, as often as any other."""
    edge = min(len(data), 1024)
    return random.choice(
        (random.randrange(len(data)), random.randrange(edge), len(data) - 1 - random.randrange(edge)),
    )
