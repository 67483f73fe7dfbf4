"""Take the messages of MCAP files out of their records, most of which lie in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from zlib import crc32

from sfnet_ros.bags.storage.compression import DamagedError, decompress
from sfnet_ros.bags.storage.mcap_records import HEAD, Directory, Fields, Op, Record, walk


@dataclass(frozen=True)
class Chunk:
    """Say where a chunk lies, and when its messages were recorded: the second time is after the last."""

    start_ns: int
    stop_ns: int
    record: Record


@dataclass(frozen=True)
class Message:
    """Hold a message, and the id of its channel."""

    channel: int
    recorded_ns: int
    data: bytes

    @classmethod
    def of(cls, fields: Fields) -> Message:
        """Read it from the fields of its record.

        Raises:
            DamagedError: The record is not whole.
        """
        channel, _, recorded_ns, _ = (fields.number(size) for size in (2, 4, 8, 8))
        return cls(channel, recorded_ns, fields.rest())


class RecordFile:
    """Read the records of a file.

    Args:
        file: An MCAP file.
        size: Of it, in bytes.

    Raises:
        DamagedError: On every reading, where the file is not whole.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size

    def read(self, at: int, size: int) -> bytes:
        """Read bytes."""
        if not 0 <= at <= at + size <= self.size:
            raise DamagedError(f'its {self.size} bytes do not reach to byte {at + size}')
        self._file.seek(at)
        return self._file.read(size)

    def fields(self, record: Record) -> Fields:
        """Read what is in a record."""
        return Fields(self.read(record.at, record.length))

    def records(self, start: int, stop: int | None = None) -> Iterator[Record]:
        """Go from record to record, to the file's end or another position."""
        return walk(self._file, start, self.size if stop is None else stop)

    def unpack(self, record: Record, directory: Directory | None = None) -> Iterator[Message]:
        """Take the messages out of a chunk, and for a directory its schemas and channels.

        Raises:
            DamagedError: It is no whole chunk.
        """
        if self.read(record.at - HEAD, 1)[0] != Op.CHUNK:
            raise DamagedError('there is no chunk')
        chunk = self.fields(record)
        chunk.take(16)
        size, checksum, compression = chunk.number(8), chunk.number(4), chunk.text()
        data = decompress(chunk.block(8), compression, size)
        if checksum and crc32(data) != checksum:
            raise DamagedError('a chunk is not what its checksum says')
        for inner in walk(BytesIO(data), 0, size):
            fields = Fields(data[inner.at : inner.at + inner.length])
            if inner.op == Op.MESSAGE:
                yield Message.of(fields)
            elif directory is not None and inner.op in (Op.SCHEMA, Op.CHANNEL):
                directory.add(inner.op, fields)
