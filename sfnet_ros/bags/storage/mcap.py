"""Read MCAP files: by their index where they have one, else by all that is whole in them.

Common readers give up a file at its first damaged byte, and a robot that loses its power leaves a file without an end.
Here a damaged chunk costs that chunk.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final
from zlib import crc32

from sfnet_ros.bags.storage.compression import DamagedError, decompress
from sfnet_ros.bags.storage.mcap_records import HEAD, MAGIC, Directory, Fields, Op, Record, walk
from sfnet_ros.bags.tally import Tally

# The record of the footer and the closing magic.
_FOOTER: Final = HEAD + 20 + len(MAGIC)


@dataclass(frozen=True)
class _Chunk:
    start_ns: int
    stop_ns: int  # exclusive
    record: Record


@dataclass(frozen=True)
class _Message:
    channel: int
    recorded_ns: int
    data: bytes


class McapFile:
    """Read one MCAP file.

    Raises:
        DamagedError: Nothing in it is readable.
    """

    def __init__(self, path: Path, tally: Tally) -> None:
        self._file = path.open('rb')
        self._size = path.stat().st_size
        self._directory = Directory()
        self._chunks: list[_Chunk] = []
        self._counts: Counter[int] = Counter()
        self._loose = False
        self.span_ns: tuple[int, int] | None = None
        try:
            if self._file.read(len(MAGIC)) != MAGIC:
                raise DamagedError('it does not begin as an MCAP file does')
            try:
                self._read_index()
            except DamagedError:
                self._read_all(tally)
        except BaseException:
            self.close()
            raise
        self._chunks.sort(key=lambda chunk: chunk.start_ns)
        self.connections = [
            connection._replace(msgcount=self._counts[number])
            for number, connection in sorted(self._directory.connections.items())
        ]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def messages(
        self, ids: Collection[int], start_ns: int, stop_ns: int, tally: Tally
    ) -> Iterator[tuple[int, int, bytes]]:
        """Read messages in the order of their recording; see `Storage`."""
        wanted = set(ids)
        sources = [self._in_chunks(wanted, start_ns, stop_ns, tally)]
        if self._loose:
            sources.append(self._outside_of_chunks(tally))
        for message in heapq.merge(*sources, key=lambda message: message.recorded_ns):
            if message.channel in wanted and start_ns <= message.recorded_ns < stop_ns:
                yield message.channel, message.recorded_ns, message.data

    def _read_index(self) -> None:
        """Learn from the summary at the end what the file holds.

        Raises:
            DamagedError: There is none, or it is not whole.
        """
        footer_at = self._size - _FOOTER
        footer = Fields(self._read(footer_at, _FOOTER))
        if (footer.number(1), footer.number(8)) != (Op.FOOTER, 20):
            raise DamagedError('it has no footer')
        summary_at, _, checksum = footer.number(8), footer.number(8), footer.number(4)
        if not len(MAGIC) < summary_at <= footer_at or footer.rest() != MAGIC:
            raise DamagedError('it has no index')
        if checksum and crc32(self._read(summary_at, self._size - len(MAGIC) - 4 - summary_at)) != checksum:
            raise DamagedError('its index is damaged')
        directory, chunks, statistics = Directory(), list[_Chunk](), b''
        for record in walk(self._file, summary_at, footer_at):
            if record.op in (Op.SCHEMA, Op.CHANNEL):
                directory.add(record.op, self._fields(record))
            elif record.op == Op.CHUNK_INDEX:
                chunks.append(self._indexed(self._fields(record)))
            elif record.op == Op.STATISTICS:
                statistics = self._fields(record).rest()
        self._trust(directory, chunks, Fields(statistics))

    def _indexed(self, index: Fields) -> _Chunk:
        start_ns, last_ns, at, length = (index.number(8) for _ in range(4))
        if at + length > self._size or length < HEAD:
            raise DamagedError('its index is of another file')
        return _Chunk(start_ns, last_ns + 1, Record(Op.CHUNK, at + HEAD, length - HEAD))

    def _trust(self, directory: Directory, chunks: list[_Chunk], statistics: Fields) -> None:
        count = statistics.number(8)
        # Of schemas, channels, attachments, metadata and chunks.
        _, channels, _, _, chunk_count = (statistics.number(size) for size in (2, 4, 4, 4, 4))
        first_ns, last_ns, pairs = statistics.number(8), statistics.number(8), Fields(statistics.block())
        counts: Counter[int] = Counter()
        while pairs:
            counts[pairs.number(2)] = pairs.number(8)
        if len(directory.connections) != channels or len(chunks) != chunk_count or counts.total() != count:
            raise DamagedError('its index is not whole')
        self._directory, self._chunks, self._counts = directory, chunks, counts
        self._loose = bool(count) and not chunks
        self.span_ns = (first_ns, last_ns + 1) if count else None

    def _read_all(self, tally: Tally) -> None:
        """Go through the file to learn what it holds."""
        try:
            for record in walk(self._file, len(MAGIC), self._size):
                if record.op in (Op.DATA_END, Op.FOOTER):
                    break
                try:
                    self._learn(record)
                except DamagedError as error:
                    tally.add('damaged parts, left out', f'{error} at byte {record.at - HEAD}')
            else:
                tally.add('files without their end, used as far as they go', f'{self._size} bytes')
        except DamagedError as error:
            tally.add('files without their end, used as far as they go', error)
        if not self._directory.connections:
            raise DamagedError(f'none of its {self._size} bytes can be read')

    def _learn(self, record: Record) -> None:
        if record.op in (Op.SCHEMA, Op.CHANNEL):
            self._directory.add(record.op, self._fields(record))
        elif record.op == Op.MESSAGE:
            self._loose = True
            self._count([_message(self._fields(record))])
        elif record.op == Op.CHUNK:
            chunk = self._fields(record)
            start_ns, last_ns = chunk.number(8), chunk.number(8)
            # All of it before any of it counts.
            self._count(list(self._unpack(record, self._directory)))
            self._chunks.append(_Chunk(start_ns, last_ns + 1, record))

    def _count(self, messages: list[_Message]) -> None:
        for message in messages:
            self._counts[message.channel] += 1
            first_ns, stop_ns = self.span_ns or (message.recorded_ns, 0)
            self.span_ns = min(first_ns, message.recorded_ns), max(stop_ns, message.recorded_ns + 1)

    def _in_chunks(self, wanted: set[int], start_ns: int, stop_ns: int, tally: Tally) -> Iterator[_Message]:
        # Chunks may overlap: a message is through when no later chunk can hold an earlier one.
        waiting: list[tuple[int, int, _Message]] = []
        number = 0
        for chunk in self._chunks:
            if chunk.stop_ns <= start_ns or chunk.start_ns >= stop_ns:
                continue
            while waiting and waiting[0][0] < chunk.start_ns:
                yield heapq.heappop(waiting)[2]
            try:
                messages = [message for message in self._unpack(chunk.record) if message.channel in wanted]
            except DamagedError as error:
                tally.add('damaged parts, left out', f'{error} at byte {chunk.record.at - HEAD}')
                continue
            for message in messages:
                number += 1
                heapq.heappush(waiting, (message.recorded_ns, number, message))
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _outside_of_chunks(self, tally: Tally) -> Iterator[_Message]:
        try:
            for record in walk(self._file, len(MAGIC), self._size):
                if record.op in (Op.DATA_END, Op.FOOTER):
                    return
                if record.op == Op.MESSAGE:
                    yield _message(self._fields(record))
        except DamagedError as error:
            tally.add('files without their end, used as far as they go', error)

    def _unpack(self, record: Record, directory: Directory | None = None) -> Iterator[_Message]:
        """Take the messages out of a chunk, and for a directory its schemas and channels.

        Raises:
            DamagedError: It is no whole chunk.
        """
        if self._read(record.at - HEAD, 1)[0] != Op.CHUNK:
            raise DamagedError('there is no chunk')
        chunk = self._fields(record)
        chunk.take(16)
        size, checksum, compression = chunk.number(8), chunk.number(4), chunk.text()
        data = decompress(chunk.block(8), compression, size)
        if checksum and crc32(data) != checksum:
            raise DamagedError('a chunk is not what its checksum says')
        for inner in walk(BytesIO(data), 0, size):
            fields = Fields(data[inner.at : inner.at + inner.length])
            if inner.op == Op.MESSAGE:
                yield _message(fields)
            elif directory is not None and inner.op in (Op.SCHEMA, Op.CHANNEL):
                directory.add(inner.op, fields)

    def _fields(self, record: Record) -> Fields:
        return Fields(self._read(record.at, record.length))

    def _read(self, at: int, size: int) -> bytes:
        if not 0 <= at <= at + size <= self._size:
            raise DamagedError(f'its {self._size} bytes do not reach to byte {at + size}')
        self._file.seek(at)
        return self._file.read(size)


def _message(fields: Fields) -> _Message:
    channel, _, recorded_ns, _ = (fields.number(size) for size in (2, 4, 8, 8))
    return _Message(channel, recorded_ns, fields.rest())
