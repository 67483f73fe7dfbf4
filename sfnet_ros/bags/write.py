"""Write rosbag2 recordings that every ROS 2 from Humble on plays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer

from sfnet_ros.bags.messages import TYPES, Stamped, stamp_ns

# From version 9 on the QoS profiles are nested YAML, which Humble and Iron cannot read; Jazzy and later read both.
VERSION: Final = 8

_UNSPECIFIED = QosTime(0, 0)
RELIABLE = Qos(
    history=QosHistory.KEEP_LAST,
    depth=10,
    reliability=QosReliability.RELIABLE,
    durability=QosDurability.VOLATILE,
    deadline=_UNSPECIFIED,
    lifespan=_UNSPECIFIED,
    liveliness=QosLiveliness.AUTOMATIC,
    liveliness_lease_duration=_UNSPECIFIED,
    avoid_ros_namespace_conventions=False,
)


class BagWriter:
    """Add stamped messages to an open bag; `new_bag` makes one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connections: dict[str, Connection] = {}

    def add(self, topic: str, kind: str, message: Stamped) -> None:
        """Write a message, of a type such as ``sensor_msgs/msg/CompressedImage``, at the time of its stamp."""
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=TYPES, offered_qos_profiles=[RELIABLE]
            )
        self._writer.write(self._connections[topic], stamp_ns(message), TYPES.serialize_cdr(message, kind))


@contextmanager
def new_bag(folder: Path, notes: Mapping[str, str]) -> Iterator[BagWriter]:
    """Make an mcap bag that gets its name when it is whole.

    Args:
        folder: The bag; it must not exist yet.
        notes: What `Bag.notes` gives to readers (custom_data of metadata.yaml).

    Raises:
        FileExistsError: Something has that name already.
    """
    folder = Path(os.path.abspath(folder))
    if folder.exists():
        raise FileExistsError(f'{folder} exists already and is left as it is: choose another name, or delete it first')
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The file in the bag is named after the bag's folder, so the folder has its last name from the start.
    workshop = Path(mkdtemp(prefix=f'.{folder.name}.', dir=folder.parent))
    try:
        writer = Writer(workshop / folder.name, version=VERSION, storage_plugin=StoragePlugin.MCAP)
        for key, value in notes.items():
            writer.set_custom_data(key, value)
        with writer:
            yield BagWriter(writer)
        (workshop / folder.name).rename(folder)
    finally:
        shutil.rmtree(workshop)
