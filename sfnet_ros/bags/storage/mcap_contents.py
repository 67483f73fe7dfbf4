"""Learn what an MCAP file holds: from its index, or from all that is whole in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from zlib import crc32

from sfnet_ros.bags.storage.compression import DamagedError
from sfnet_ros.bags.storage.mcap_chunks import Chunk, Message, RecordFile
from sfnet_ros.bags.storage.mcap_records import HEAD, MAGIC, Directory, Fields, Op, Record
from sfnet_ros.bags.storage.metadata import MOST_BYTES
from sfnet_ros.bags.tally import Tally

# The record of the footer and the closing magic.
_FOOTER: Final = HEAD + 20 + len(MAGIC)


class Contents:
    """Hold what a file has.

    The attributes are the ``directory`` of its topics, its ``chunks``, the ``counts`` of messages by channel, whether
    some of them are ``loose``, outside of chunks, ``span_ns``: when the first was recorded, and the nanosecond after
    the last, or None without messages, and the ``metadata`` that rosbag2 wrote into the file (YAML), or ''.
    """

    def __init__(self) -> None:
        self.directory = Directory()
        self.chunks: list[Chunk] = []
        self.counts: Counter[int] = Counter()
        self.loose = False
        self.span_ns: tuple[int, int] | None = None
        self.metadata = ''

    def count(self, messages: Iterable[Message]) -> None:
        """Take in that these are there."""
        for message in messages:
            self.counts[message.channel] += 1
            first_ns, stop_ns = self.span_ns or (message.recorded_ns, 0)
            self.span_ns = min(first_ns, message.recorded_ns), max(stop_ns, message.recorded_ns + 1)

    def learn_metadata(self, file: RecordFile, record: Record) -> None:
        """Take in a record of metadata; of several by rosbag2, which writes one again when it closes, the last holds.

        Raises:
            DamagedError: The record is not whole.
        """
        if record.length > MOST_BYTES:
            return
        fields = file.fields(record)
        if fields.text() == 'rosbag2':
            self.metadata = fields.pairs().get('serialized_metadata', self.metadata)


def from_index(file: RecordFile) -> Contents:
    """Learn from the summary at the end what a file holds.

    Raises:
        DamagedError: There is none, or it is not whole.
    """
    footer_at = file.size - _FOOTER
    footer = Fields(file.read(footer_at, _FOOTER))
    if (footer.number(1), footer.number(8)) != (Op.FOOTER, 20):
        raise DamagedError('it has no footer')
    summary_at, _, checksum = footer.number(8), footer.number(8), footer.number(4)
    if not len(MAGIC) < summary_at <= footer_at or footer.rest() != MAGIC:
        raise DamagedError('it has no index')
    if checksum and crc32(file.read(summary_at, file.size - len(MAGIC) - 4 - summary_at)) != checksum:
        raise DamagedError('its index is damaged')
    contents, statistics = Contents(), b''
    for record in file.records(summary_at, footer_at):
        if record.op in (Op.SCHEMA, Op.CHANNEL):
            contents.directory.add(record.op, file.fields(record))
        elif record.op == Op.CHUNK_INDEX:
            contents.chunks.append(_indexed(file, file.fields(record)))
        elif record.op == Op.METADATA_INDEX:
            index = file.fields(record)
            at, length = index.number(8), index.number(8)
            # Not worth to go through all of the file for.
            with suppress(DamagedError):
                contents.learn_metadata(file, Record(Op.METADATA, at + HEAD, length - HEAD))
        elif record.op == Op.STATISTICS:
            statistics = file.fields(record).rest()
    _compare(contents, Fields(statistics))
    return contents


def from_all(file: RecordFile, tally: Tally) -> Contents:
    """Go through a file to learn what it holds.

    Raises:
        DamagedError: Nothing in it is readable.
    """
    contents = Contents()
    try:
        for record in file.records(len(MAGIC)):
            if record.op in (Op.DATA_END, Op.FOOTER):
                break
            try:
                _learn(contents, file, record)
            except DamagedError as error:
                tally.add('damaged parts, left out', f'{error} at byte {record.at - HEAD}')
        else:
            tally.add('files without their end, used as far as they go', f'{file.size} bytes')
    except DamagedError as error:
        tally.add('files without their end, used as far as they go', error)
    if not contents.directory.connections:
        raise DamagedError(f'none of its {file.size} bytes can be read')
    return contents


def _indexed(file: RecordFile, index: Fields) -> Chunk:
    start_ns, last_ns, at, length = (index.number(8) for _ in range(4))
    if at + length > file.size or length < HEAD:
        raise DamagedError('its index is of another file')
    return Chunk(start_ns, last_ns + 1, Record(Op.CHUNK, at + HEAD, length - HEAD))


def _compare(contents: Contents, statistics: Fields) -> None:
    """Take in the numbers of messages, and compare what there is with what there should be."""
    count = statistics.number(8)
    # Of schemas, channels, attachments, metadata and chunks.
    _, channels, _, _, chunks = (statistics.number(size) for size in (2, 4, 4, 4, 4))
    first_ns, last_ns, pairs = statistics.number(8), statistics.number(8), Fields(statistics.block())
    while pairs:
        # One after the other: of an assignment, Python takes the right side first.
        channel, messages = pairs.number(2), pairs.number(8)
        contents.counts[channel] = messages
    there = len(contents.directory.connections), len(contents.chunks), contents.counts.total()
    if there != (channels, chunks, count):
        raise DamagedError('its index is not whole')
    contents.loose = bool(count) and not chunks
    contents.span_ns = (first_ns, last_ns + 1) if count else None


def _learn(contents: Contents, file: RecordFile, record: Record) -> None:
    if record.op in (Op.SCHEMA, Op.CHANNEL):
        contents.directory.add(record.op, file.fields(record))
    elif record.op == Op.METADATA:
        contents.learn_metadata(file, record)
    elif record.op == Op.MESSAGE:
        contents.loose = True
        contents.count([Message.of(file.fields(record))])
    elif record.op == Op.CHUNK:
        chunk = file.fields(record)
        start_ns, last_ns = chunk.number(8), chunk.number(8)
        # All of it before any of it counts.
        contents.count(list(file.unpack(record, contents.directory)))
        contents.chunks.append(Chunk(start_ns, last_ns + 1, record))
