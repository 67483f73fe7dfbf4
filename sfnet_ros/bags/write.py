"""Write rosbag2 recordings that every ROS 2 from Humble on plays."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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

from sfnet_ros.bags.join import join_parts
from sfnet_ros.bags.messages import TYPES, Stamped, stamp_ns
from sfnet_ros.files import refuse_existing

# From version 9 on the QoS profiles are nested YAML, which Humble and Iron cannot read; Jazzy and later read both.
VERSION: Final = 8

STORAGES: Final = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}

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


@dataclass(frozen=True)
class Storing:
    """Say how a bag lies on disk.

    Args:
        storage: ``mcap`` or ``sqlite3``.
        split_mb: Begin a new file when one has so many megabytes of messages; None: one file.

    Raises:
        ValueError: A value out of its range.
    """

    storage: str = 'mcap'
    split_mb: float | None = None

    def __post_init__(self) -> None:
        if self.storage not in STORAGES:
            raise ValueError(f'storage {self.storage!r} is not one of {", ".join(STORAGES)}')
        if self.split_mb is not None and not self.split_mb > 0:
            raise ValueError(f'a split at {self.split_mb} MB is none: more than 0 is accepted')


class BagWriter:
    """Add stamped messages to an open bag; `new_bag` makes one.

    Args:
        folder: Gets the bag, or a bag for every part of it.
        name: Of the bag.
        notes: Of every part.
        storing: How it lies on disk.
    """

    def __init__(self, folder: Path, name: str, notes: Mapping[str, str], storing: Storing) -> None:
        self._folder = folder
        self._name = name
        self._notes = notes
        self._storing = storing
        self._connections: dict[str, Connection] = {}
        self._size = 0
        self.parts: list[Path] = []
        self._closing = ExitStack()
        self._writer = self._begin()

    def add(self, topic: str, kind: str, message: Stamped) -> None:
        """Write a message, of a type such as ``sensor_msgs/msg/CompressedImage``, at the time of its stamp."""
        if self._storing.split_mb is not None and self._size >= self._storing.split_mb * 1e6:
            self.close()
            self._writer = self._begin()
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=TYPES, offered_qos_profiles=[RELIABLE]
            )
        data = TYPES.serialize_cdr(message, kind)
        self._size += len(data)
        self._writer.write(self._connections[topic], stamp_ns(message), data)

    def close(self) -> None:
        """Make the last part whole."""
        self._closing.close()

    def abort(self, error: BaseException) -> None:
        """Close the files as they are."""
        self._closing.__exit__(type(error), error, error.__traceback__)

    def _begin(self) -> Writer:
        # As `ros2 bag record` names them.
        name = self._name if self._storing.split_mb is None else f'{self._name}_{len(self.parts)}'
        self.parts.append(self._folder / name)
        self._connections, self._size = {}, 0
        writer = Writer(self.parts[-1], version=VERSION, storage_plugin=STORAGES[self._storing.storage])
        for key, value in self._notes.items():
            writer.set_custom_data(key, value)
        return self._closing.enter_context(writer)


@contextmanager
def new_bag(folder: Path, notes: Mapping[str, str], storing: Storing = Storing()) -> Iterator[BagWriter]:
    """Make a bag that gets its name when it is whole.

    Args:
        folder: The bag; it must not exist yet.
        notes: What `Bag.notes` gives to readers (custom_data of metadata.yaml).
        storing: How it lies on disk.

    Raises:
        FileExistsError: Something has that name already.
        OSError: The disk is full, or fails.
    """
    folder = Path(os.path.abspath(folder))
    refuse_existing(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The file in the bag is named after the bag's folder, so the folder has its last name from the start.
    workshop = Path(mkdtemp(prefix=f'.{folder.name}.', dir=folder.parent))
    try:
        parts = workshop if storing.split_mb is None else workshop / 'parts'
        bag = BagWriter(parts, folder.name, notes, storing)
        try:
            yield bag
        except BaseException as error:
            bag.abort(error)
            raise
        bag.close()
        if storing.split_mb is not None:
            join_parts(bag.parts, workshop / folder.name)
        (workshop / folder.name).rename(folder)
    except sqlite3.Error as error:
        raise OSError(f'bag {folder} cannot be written: {error}') from error
    finally:
        shutil.rmtree(workshop)
