"""Take apart the records of MCAP files.

Source: the MCAP specification, version 0 (mcap.dev/spec).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO, Final

from rosbags.interfaces import Connection, ConnectionExtRosbag2

from sfnet_ros.bags.storage.base import definition, offered_qos
from sfnet_ros.bags.storage.compression import DamagedError

MAGIC: Final = b'\x89MCAP0\r\n'
# Of a record: what it is, and how long.
HEAD: Final = 9


class Op(IntEnum):
    """What a record is; those that are passed over are left out."""

    FOOTER = 0x02
    SCHEMA = 0x03
    CHANNEL = 0x04
    MESSAGE = 0x05
    CHUNK = 0x06
    CHUNK_INDEX = 0x08
    STATISTICS = 0x0B
    METADATA = 0x0C
    METADATA_INDEX = 0x0D
    DATA_END = 0x0F


class Fields:
    """Take the fields of a record, one after another.

    Raises:
        DamagedError: On every reading, where the record is too short for it or holds no text.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        """Take bytes."""
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise DamagedError(f'a record has {len(taken)} bytes where {size} are needed')
        self._at += size
        return taken

    def number(self, size: int) -> int:
        """Take an unsigned integer of so many bytes."""
        return int.from_bytes(self.take(size), 'little')

    def block(self, size: int = 4) -> bytes:
        """Take bytes that their number precedes, itself of ``size`` bytes."""
        return self.take(self.number(size))

    def text(self) -> str:
        """Take a string."""
        try:
            return self.block().decode()
        except UnicodeDecodeError as error:
            raise DamagedError(f'a record holds no text where it should ({error.reason})') from error

    def pairs(self) -> dict[str, str]:
        """Take a map of strings."""
        pairs, found = Fields(self.block()), dict[str, str]()
        while pairs:
            # One after the other: of an assignment, Python takes the right side first.
            key, value = pairs.text(), pairs.text()
            found[key] = value
        return found

    def rest(self) -> bytes:
        """Take what is left."""
        return self.take(len(self._data) - self._at)


@dataclass(frozen=True)
class Record:
    """Say where a record lies in its file or chunk: its content begins at ``at``."""

    op: int
    at: int
    length: int


def walk(file: BinaryIO, start: int, stop: int) -> Iterator[Record]:
    """Go from record to record between two positions.

    Raises:
        DamagedError: A record is cut off, or claims to be longer than there is room.
    """
    at = start
    while at < stop:
        file.seek(at)
        head = Fields(file.read(HEAD))
        if at + HEAD > stop:
            raise DamagedError(f'it is cut off at byte {at}')
        record = Record(head.number(1), at + HEAD, head.number(8))
        if record.length > stop - record.at:
            raise DamagedError(f'it is cut off within what begins at byte {at}')
        yield record
        at = record.at + record.length


class Directory:
    """Hold the types and topics that a file tells of."""

    def __init__(self) -> None:
        self._schemas: dict[int, tuple[str, str, str]] = {}
        self.connections: dict[int, Connection] = {}

    def add(self, op: int, fields: Fields) -> None:
        """Learn of a schema or a channel; of two with one id the first holds.

        Raises:
            DamagedError: The record is not whole.
        """
        number = fields.number(2)
        if op == Op.SCHEMA:
            self._schemas.setdefault(number, (fields.text(), fields.text(), fields.block().decode(errors='replace')))
            return
        name, encoding, text = self._schemas.get(fields.number(2), ('', '', ''))
        topic, message_encoding, notes = fields.text(), fields.text(), fields.pairs()
        extra = ConnectionExtRosbag2(message_encoding, offered_qos(notes.get('offered_qos_profiles', '')))
        digest = notes.get('topic_type_hash', '')
        self.connections.setdefault(
            number, Connection(number, topic, name, definition(encoding, text), digest, 0, extra, None)
        )
