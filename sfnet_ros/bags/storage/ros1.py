"""Read bags of ROS 1, whose messages become what ROS 2 would have recorded."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from pathlib import Path

from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag1 import Reader, ReaderError
from rosbags.serde import SerdeError
from rosbags.typesys import TypesysError

from sfnet_ros.bags.storage.base import CDR
from sfnet_ros.bags.storage.compression import DamagedError
from sfnet_ros.bags.storage.ros1_types import OtherTypeError, Ros1Types
from sfnet_ros.bags.tally import Tally

# What rosbags raises for bytes that are not a bag's, beside its own errors.
_DAMAGE = (
    ReaderError,
    ArithmeticError,
    AssertionError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


class Ros1File:
    """Read one .bag file.

    Topics of types that ROS 2 has under the same name with other fields are left out.

    Raises:
        DamagedError: It is not readable, or has no index.
    """

    def __init__(self, path: Path, tally: Tally) -> None:
        self._reader = Reader(path)
        try:
            self._reader.open()
        except PermissionError:
            raise
        except _DAMAGE as error:
            raise DamagedError(
                f'{str(error) or type(error).__name__} (`rosbag reindex` mends a bag that was cut off)'
            ) from error
        self._originals = {connection.id: connection for connection in self._reader.connections}
        self._types = Ros1Types()
        self.connections: list[Connection] = []
        for connection in self._reader.connections:
            try:
                told = self._types.learn(connection.msgtype, connection.msgdef.data)
            except (OtherTypeError, TypesysError, LookupError) as error:
                tally.add('topics that ROS 2 has no messages for, left out', f'{connection.topic}: {error}')
                continue
            extra = ConnectionExtRosbag2(CDR, [])
            self.connections.append(connection._replace(msgdef=told, digest='', ext=extra, owner=None))
        some = any(connection.msgcount for connection in self.connections)
        self.span_ns = (self._reader.start_time, self._reader.end_time) if some else None

    @property
    def notes(self) -> dict[str, str]:
        """Give none, as the format has no place for them."""
        return {}

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def messages(
        self, ids: Collection[int], start_ns: int, stop_ns: int, tally: Tally
    ) -> Iterator[tuple[int, int, bytes]]:
        """Read messages in the order of their recording; see `Storage`."""
        wanted = [self._originals[number] for number in ids]
        if not wanted:
            return
        try:
            for connection, recorded_ns, data in self._reader.messages(wanted, start_ns, stop_ns):
                try:
                    converted = self._types.convert(data, connection.msgtype)
                except (SerdeError, LookupError) as error:
                    tally.add('damaged messages, left out', error)
                    continue
                yield connection.id, recorded_ns, converted
        except _DAMAGE as error:
            tally.add('damaged files, left out from there on', str(error) or type(error).__name__)
