"""Write the messages of one recording into another as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rosbags.interfaces import Connection, ConnectionExtRosbag2, MessageDefinition, MessageDefinitionFormat
from rosbags.interfaces.typing import Typesdict
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore

from sfnet_ros.bags.messages import TYPES
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.write import RELIABLE, VERSION

# Of a type whose definition nobody can read.
_NO_HASH = 'RIHS01_' + 64 * '0'
_IDL_PARTS = 80 * '=' + '\n'


class BagCopy:
    """Append to a copy; `new_copy` makes one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._copies: dict[tuple[object, ...], Connection] = {}
        self._added: dict[str, Connection] = {}

    def take_over(self, connection: Connection) -> None:
        """Declare a topic as it is in the original: its type, definition and quality of service."""
        extra = connection.ext
        assert isinstance(extra, ConnectionExtRosbag2)
        text, digest = self._definition(connection)
        if _identity(connection) not in self._copies:
            self._copies[_identity(connection)] = self._writer.add_connection(
                connection.topic,
                connection.msgtype,
                msgdef=text,
                rihs01=digest,
                serialization_format=extra.serialization_format,
                offered_qos_profiles=extra.offered_qos_profiles,
            )

    def add_topic(self, topic: str, kind: str) -> None:
        """Declare a topic that the original has not."""
        self._added[topic] = self._writer.add_connection(topic, kind, typestore=TYPES, offered_qos_profiles=[RELIABLE])

    def write(self, connection: Connection, recorded_ns: int, data: bytes) -> None:
        """Write a message of the original."""
        self._writer.write(self._copies[_identity(connection)], recorded_ns, data)

    def add(self, topic: str, recorded_ns: int, data: bytes) -> None:
        """Write a message of an added topic."""
        self._writer.write(self._added[topic], recorded_ns, data)

    def _definition(self, connection: Connection) -> tuple[str, str]:
        kind, definition = connection.msgtype, connection.msgdef
        if definition.format is MessageDefinitionFormat.NONE and kind in TYPES.fielddefs:
            return TYPES.generate_msgdef(kind, ros_version=2)[0], TYPES.hash_rihs01(kind)
        if definition.format is MessageDefinitionFormat.NONE and self._writer.storage_plugin is StoragePlugin.SQLITE3:
            # An SQLite file without a definition has no row for it. MCAP wants one, and gets an empty one.
            self._writer.added_types.add(kind)
        return definition.data, connection.digest or _hash(kind, definition)


@contextmanager
def new_copy(folder: Path, bag: Bag, notes: Mapping[str, str], plugin: StoragePlugin) -> Iterator[BagCopy]:
    """Make a bag with the topics and notes of another one; without a metadata.yaml it is not whole.

    Args:
        folder: It must not exist yet.
        bag: The original.
        notes: In addition to its own.
        plugin: What writes it.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    writer = Writer(folder, version=VERSION, storage_plugin=plugin)
    for key, value in {**bag.notes, **notes}.items():
        writer.set_custom_data(key, value)
    try:
        with writer:
            copy = BagCopy(writer)
            for connection in bag.connections:
                copy.take_over(connection)
            yield copy
    except sqlite3.OperationalError as error:
        raise OSError(f'{folder} cannot be written: {error}') from error


def _identity(connection: Connection) -> tuple[object, ...]:
    """Tell connections apart as a recording does: those of split files are the same ones."""
    extra = connection.ext
    assert isinstance(extra, ConnectionExtRosbag2)
    return connection.topic, connection.msgtype, extra.serialization_format, tuple(extra.offered_qos_profiles)


def _hash(kind: str, definition: MessageDefinition) -> str:
    """Hash a type as ROS does (REP 2016), which the files of bags, unlike their folders, do not say."""
    try:
        types: Typesdict = {}
        if definition.format is MessageDefinitionFormat.IDL:
            for part in definition.data.split(_IDL_PARTS)[1:]:
                types.update(get_types_from_idl(part.partition('\n')[2]))
        else:
            types.update(get_types_from_msg(definition.data, kind))
        store = get_typestore(Stores.EMPTY)
        store.register(types)
        return store.hash_rihs01(kind)
    except (TypesysError, LookupError):
        return _NO_HASH
