"""Read MCAP files: by their index where they have one, else by all that is whole in them.

Common readers give up a file at its first damaged byte, and a robot that loses its power leaves a file without an end.
Here a damaged chunk costs that chunk.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from pathlib import Path

from sfnet_ros.bags.storage.compression import DamagedError
from sfnet_ros.bags.storage.mcap_chunks import Message, RecordFile
from sfnet_ros.bags.storage.mcap_contents import Contents, from_all, from_index
from sfnet_ros.bags.storage.mcap_records import HEAD, MAGIC, Op
from sfnet_ros.bags.storage.metadata import noted_in_file
from sfnet_ros.bags.tally import Tally


class McapFile:
    """Read one MCAP file.

    Raises:
        DamagedError: Nothing in it is readable.
    """

    def __init__(self, path: Path, tally: Tally) -> None:
        self._opened = path.open('rb')
        try:
            self._file = RecordFile(self._opened, path.stat().st_size)
            if self._opened.read(len(MAGIC)) != MAGIC:
                raise DamagedError('it does not begin as an MCAP file does')
            contents = _contents(self._file, tally)
        except BaseException:
            self.close()
            raise
        self._chunks = sorted(contents.chunks, key=lambda chunk: chunk.start_ns)
        self._loose = contents.loose
        self._metadata = contents.metadata
        self.span_ns = contents.span_ns
        self.connections = [
            connection._replace(msgcount=contents.counts[number])
            for number, connection in sorted(contents.directory.connections.items())
        ]

    @property
    def notes(self) -> dict[str, str]:
        """Give what the writer noted; see `Storage`."""
        return noted_in_file(self._metadata)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

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

    def _in_chunks(self, wanted: set[int], start_ns: int, stop_ns: int, tally: Tally) -> Iterator[Message]:
        # Chunks may overlap: a message is through when no later chunk can hold an earlier one.
        waiting: list[tuple[int, int, Message]] = []
        number = 0
        for chunk in self._chunks:
            if chunk.stop_ns <= start_ns or chunk.start_ns >= stop_ns:
                continue
            while waiting and waiting[0][0] < chunk.start_ns:
                yield heapq.heappop(waiting)[2]
            try:
                messages = [message for message in self._file.unpack(chunk.record) if message.channel in wanted]
            except DamagedError as error:
                tally.add('damaged parts, left out', f'{error} at byte {chunk.record.at - HEAD}')
                continue
            for message in messages:
                number += 1
                heapq.heappush(waiting, (message.recorded_ns, number, message))
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _outside_of_chunks(self, tally: Tally) -> Iterator[Message]:
        try:
            for record in self._file.records(len(MAGIC)):
                if record.op in (Op.DATA_END, Op.FOOTER):
                    return
                if record.op == Op.MESSAGE:
                    yield Message.of(self._file.fields(record))
        except DamagedError as error:
            tally.add('files without their end, used as far as they go', error)


def _contents(file: RecordFile, tally: Tally) -> Contents:
    try:
        return from_index(file)
    except DamagedError:
        return from_all(file, tally)
