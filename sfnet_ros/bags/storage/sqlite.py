"""Read SQLite recordings row by row, so that a damaged page costs the rows on it."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces import Connection, ConnectionExtRosbag2, MessageDefinition

from sfnet_ros.bags.storage.base import definition, offered_qos
from sfnet_ros.bags.storage.compression import DamagedError
from sfnet_ros.bags.storage.metadata import MOST_BYTES, noted_in_file
from sfnet_ros.bags.tally import Tally

# Columns that came with later versions of rosbag2, and what stands for them in earlier ones.
_LATER: Final = ('offered_qos_profiles', 'type_description_hash')

_LAST_ID: Final = 2**62

_ROWS: Final = 'SELECT id, topic_id, timestamp FROM messages NOT INDEXED WHERE id > ? ORDER BY id'

# A table, as a view could be a question that takes forever.
_HAS_METADATA: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'metadata'"

_METADATA: Final = 'SELECT CAST(metadata AS TEXT) FROM metadata WHERE length(metadata) <= ? ORDER BY id DESC LIMIT 1'


class SqliteFile:
    """Read one .db3 file.

    Raises:
        DamagedError: It has no topics that are readable.
    """

    def __init__(self, path: Path, tally: Tally) -> None:
        # Nobody writes to it: without this SQLite would want to make files beside it.
        uri = f'{path.resolve().as_uri()}?mode=ro&immutable=1'
        try:
            self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise DamagedError(str(error)) from error
        # Without this, SQLite refuses a file that lacks its end before it has looked at anything.
        self._database.execute('PRAGMA writable_schema = ON')
        self._database.text_factory = lambda text: text.decode(errors='replace')
        try:
            connections = self._topics()
            ids, topics, self._times = self._rows(tally)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # The names in a damaged schema may be no text, which Python's module fails on.
            self.close()
            raise DamagedError(str(error)) from error
        except BaseException:
            self.close()
            raise
        order = np.lexsort((ids, self._times))
        self._ids, self._topics_of, self._times = ids[order], topics[order], self._times[order]
        counts = Counter(self._topics_of.tolist())
        self.connections = [connection._replace(msgcount=counts[connection.id]) for connection in connections]
        self.span_ns = (int(self._times[0]), int(self._times[-1]) + 1) if len(ids) else None

    @property
    def notes(self) -> dict[str, str]:
        """Give what the writer noted; see `Storage`."""
        try:
            if not self._database.execute(_HAS_METADATA).fetchone():
                return {}
            found = self._database.execute(_METADATA, (MOST_BYTES,)).fetchone()
        except (sqlite3.Error, UnicodeDecodeError):
            return {}
        return noted_in_file(found[0]) if found else {}

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def messages(
        self, ids: Collection[int], start_ns: int, stop_ns: int, tally: Tally
    ) -> Iterator[tuple[int, int, bytes]]:
        """Read messages in the order of their recording; see `Storage`."""
        begin, end = np.searchsorted(self._times, (start_ns, stop_ns))
        wanted = set(ids)
        for index in range(begin, end):
            topic, row = int(self._topics_of[index]), int(self._ids[index])
            if topic not in wanted:
                continue
            try:
                found = self._database.execute('SELECT data FROM messages WHERE id = ?', (row,)).fetchone()
            except sqlite3.Error as error:
                tally.add('damaged messages, left out', f'{error} in row {row}')
                continue
            if found is None or not isinstance(found[0], bytes):
                tally.add('damaged messages, left out', f'row {row} holds no bytes')
                continue
            yield topic, int(self._times[index]), found[0]

    def _topics(self) -> list[Connection]:
        # Tables alone: a view could be a question that takes forever.
        tables = {name for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {'topics', 'messages'} <= tables:
            raise DamagedError('it has not the tables of a recording')
        columns = {column[1] for column in self._database.execute('PRAGMA table_info(topics)')}
        qos, digest = (name if name in columns else "''" for name in _LATER)
        query = f'SELECT id, name, type, serialization_format, {qos}, {digest} FROM topics ORDER BY id'
        definitions = self._definitions() if 'message_definitions' in tables else {}
        return [
            Connection(
                int(number),
                str(name),
                str(kind),
                definitions.get(str(kind), definition('', '')),
                str(rihs or ''),
                0,
                ConnectionExtRosbag2(str(serialization), offered_qos(str(profiles or ''))),
                None,
            )
            for number, name, kind, serialization, profiles, rihs in self._database.execute(query)
        ]

    def _definitions(self) -> dict[str, MessageDefinition]:
        query = 'SELECT topic_type, encoding, encoded_message_definition FROM message_definitions'
        try:
            return {
                str(kind): definition(str(encoding), str(text))
                for kind, encoding, text in self._database.execute(query)
            }
        except sqlite3.Error:
            # What we read needs none of them.
            return {}

    def _rows(self, tally: Tally) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """List the readable messages: their ids, topics and times."""
        rows: list[array[int]] = [array('q'), array('q'), array('q')]
        after: int | None = -1
        while after is not None:
            try:
                for row in self._database.execute(_ROWS, (after,)):
                    # A page whose end is missing has rows of zeros, in no order.
                    if row[0] <= after:
                        raise sqlite3.DatabaseError('a row is none of a message')
                    after = row[0]
                    if not all(isinstance(value, int) for value in row):
                        tally.add('damaged messages, left out', f'row {after} has no topic or time')
                        continue
                    for column, value in zip(rows, row, strict=True):
                        column.append(value)
                break
            except sqlite3.DatabaseError as error:
                tally.add('damaged parts, left out', f'{error} behind row {after}')
                after = self._behind_damage(after)
        ids, topics, times = (np.array(column, np.int64) for column in rows)
        return ids, topics, times

    def _behind_damage(self, after: int) -> int | None:
        """Find the id behind which rows can be read again: in growing steps, and then exactly; None: there is none."""
        step = 1
        while not self._is_readable(after + step):
            step *= 2
            if step > _LAST_ID:
                return None
        low, high = after + step // 2, after + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._is_readable(middle) else (middle, high)
        return high

    def _is_readable(self, after: int) -> bool:
        try:
            row = self._database.execute(f'{_ROWS} LIMIT 1', (after,)).fetchone()
            return row is None or bool(row[0] > after)
        except sqlite3.DatabaseError:
            return False
