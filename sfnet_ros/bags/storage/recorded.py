"""The files of one recording, read as one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rosbags.interfaces import Connection, ConnectionExtRosbag2

from sfnet_ros.bags.storage.base import Storage
from sfnet_ros.bags.storage.compression import DamagedError, decompress_message
from sfnet_ros.bags.storage.metadata import Metadata
from sfnet_ros.bags.tally import Tally

_EVER_NS = 2**63 - 1


class Recorded:
    """Take files that follow on each other as one recording.

    Args:
        storages: In the order of their recording.
        metadata: What is noted beside them.
    """

    def __init__(self, storages: Sequence[Storage], metadata: Metadata) -> None:
        self._storages = storages
        # Of one file, as all are noted the same of, and to ask the hundreds of a long recording takes its time.
        self.notes = metadata.notes or storages[0].notes
        # Topics that go on from file to file, or that several nodes publish on, are one.
        found: dict[tuple[str, str, str], Connection] = {}
        for connection in (connection for storage in storages for connection in storage.connections):
            known = found.get(_key(connection), connection._replace(id=len(found) + 1, msgcount=0))
            found[_key(connection)] = known._replace(msgcount=known.msgcount + connection.msgcount)
        self.connections = [metadata.complete(connection) for connection in found.values()]

    @property
    def span_ns(self) -> tuple[int, int]:
        """Give when the first message was recorded, and the nanosecond after the last; zeros where there is none."""
        spans = [storage.span_ns for storage in self._storages if storage.span_ns]
        return (min(first for first, _ in spans), max(stop for _, stop in spans)) if spans else (0, 0)

    def messages(
        self, connections: Collection[Connection], start_ns: int | None, stop_ns: int | None, tally: Tally
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Read messages: where each belongs, when it was recorded, and its bytes; `Storage` says more."""
        wanted = {_key(connection): connection for connection in connections}
        start, stop = start_ns or 0, _EVER_NS if stop_ns is None else stop_ns
        for storage in self._storages:
            here = {
                connection.id: wanted[_key(connection)]
                for connection in storage.connections
                if _key(connection) in wanted
            }
            for number, recorded_ns, data in storage.messages(here.keys(), start, stop, tally):
                try:
                    yield here[number], recorded_ns, decompress_message(data)
                except DamagedError as error:
                    tally.add('damaged messages, left out', error)


def serialization(connection: Connection) -> str:
    """Tell how the messages on a topic were written: ``cdr`` is what ROS 2 sends."""
    return connection.ext.serialization_format if isinstance(connection.ext, ConnectionExtRosbag2) else ''


def _key(connection: Connection) -> tuple[str, str, str]:
    return connection.topic, connection.msgtype, serialization(connection)
