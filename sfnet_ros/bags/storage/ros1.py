"""Read bags of ROS 1, whose messages become what ROS 2 would have recorded."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag1 import Reader, ReaderError
from rosbags.serde import SerdeError

from sfnet_ros.bags.messages import TYPES
from sfnet_ros.bags.storage.base import CDR, definition
from sfnet_ros.bags.storage.compression import DamagedError
from sfnet_ros.bags.tally import Tally

_ROS1: Final = 'ros1'

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

    Messages of types that ROS 2 has not stay as they are, under the serialization format ``ros1``.

    Raises:
        DamagedError: It is not readable, or has no index.
    """

    def __init__(self, path: Path, _tally: Tally) -> None:
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
        self.connections = [_as_ros2(connection) for connection in self._reader.connections]
        some = any(connection.msgcount for connection in self.connections)
        self.span_ns = (self._reader.start_time, self._reader.end_time) if some else None

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
                if connection.msgtype in TYPES.types:
                    try:
                        data = bytes(TYPES.ros1_to_cdr(data, connection.msgtype))
                    except (SerdeError, LookupError) as error:
                        tally.add('damaged messages, left out', error)
                        continue
                yield connection.id, recorded_ns, data
        except _DAMAGE as error:
            tally.add('damaged files, left out from there on', str(error) or type(error).__name__)


def _as_ros2(connection: Connection) -> Connection:
    known = connection.msgtype in TYPES.types
    return connection._replace(
        msgdef=definition('', ''), digest='', ext=ConnectionExtRosbag2(CDR if known else _ROS1, []), owner=None
    )
