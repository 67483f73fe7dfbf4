"""Read image recordings: frames, labels, and what the recorder noted about them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.interfaces import Connection

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, IMAGE, MessageError, stamp_ns, take_apart
from sfnet_ros.bags.storage import CDR, BagError, open_recorded, serialization
from sfnet_ros.bags.tally import StampCheck, Tally

__all__ = ['Bag', 'BagError', 'BagMessage', 'Wire']

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BagMessage:
    """Hold one recorded message.

    Args:
        stamp_ns: Stamp of its header.
        recorded_ns: When it was recorded.
        data: As it went over the wire (CDR).
        message: Its fields, under the names that rclpy uses too.
    """

    stamp_ns: int
    recorded_ns: int
    data: bytes
    message: Any


@dataclass(frozen=True)
class Wire:
    """Hold one recorded message as it went over the wire (CDR), not taken apart."""

    topic: str
    recorded_ns: int
    data: bytes


class Bag:
    """Read a recording in the order of its recording, as far as it is whole.

    What is damaged is passed over and said in a warning, once for each kind of damage, with its count.

    Args:
        path: A rosbag2 folder, or an .mcap, .db3 or ROS 1 .bag file.

    Raises:
        FileNotFoundError: There is nothing at the path.
        BagError: What is there is no readable recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise FileNotFoundError(f'there is no bag at {path}: a rosbag2 folder or an .mcap or .db3 file is expected')
        self._closing = ExitStack()
        self._warnings: dict[str, str] = {}
        tally = Tally()
        try:
            self._recorded = self._closing.enter_context(open_recorded(path, tally))
        finally:
            self.warn(tally)

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def notes(self) -> dict[str, str]:
        """Give what the writer noted (custom_data), in metadata.yaml or else in the files."""
        return self._recorded.notes

    @property
    def warnings(self) -> list[str]:
        """Give what was said of the recording so far, each kind of damage in a sentence."""
        return list(self._warnings.values())

    def warn(self, tally: Tally) -> None:
        """Say what was counted; the same is said once."""
        for trouble, sentence in tally.sentences.items():
            if self._warnings.get(trouble) != sentence:
                self._warnings[trouble] = sentence
                _logger.warning('bag %s: %s', self.path, sentence)

    @property
    def topics(self) -> dict[str, str]:
        """Give the type of every topic, by topic."""
        return {connection.topic: connection.msgtype for connection in self.connections}

    @property
    def image_topics(self) -> dict[str, str]:
        """Give the type of every topic of images, by topic."""
        return {
            connection.topic: connection.msgtype
            for connection in self.connections
            if connection.msgtype in (IMAGE, COMPRESSED_IMAGE) and serialization(connection) == CDR
        }

    def count(self, topic: str) -> int:
        """Count the messages on a topic."""
        return sum(connection.msgcount for connection in self._on(topic))

    @property
    def connections(self) -> list[Connection]:
        """Give what is recorded, topic by topic: type, definition, quality of service."""
        return self._recorded.connections

    @property
    def span_ns(self) -> tuple[int, int]:
        """Give when the recording began, and the nanosecond after it ended; zeros where it holds nothing."""
        return self._recorded.span_ns

    def everything(self) -> Iterator[tuple[Connection, int, bytes]]:
        """Read all messages of all topics as they are: where each belongs, when it was recorded, and its bytes."""
        yield from self._read(self.connections, None, None)

    def messages(self, topic: str, start_ns: int | None = None, stop_ns: int | None = None) -> Iterator[BagMessage]:
        """Read the messages on a topic; those that are damaged are passed over with a warning.

        Stamps that repeat or go back are warned of, and their messages given: what they are worth is for the reader.

        Args:
            topic: One that the recording has.
            start_ns: Pass over what was recorded before; what else is passed over is hardly read.
            stop_ns: Stop before what was recorded then.
        """
        tally = Tally()
        stamps = StampCheck(topic, tally)
        try:
            for connection, recorded_ns, data in self._read(self._on(topic), start_ns, stop_ns):
                try:
                    message = take_apart(data, connection.msgtype)
                except MessageError as error:
                    tally.add(f'messages on {topic} that are none of their type, left out', error)
                    continue
                stamps.check(stamp_ns(message))
                yield BagMessage(stamp_ns(message), recorded_ns, data, message)
        finally:
            self.warn(tally)

    def wires(self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None) -> Iterator[Wire]:
        """Read the messages on some topics, of whatever type; for the times see `messages`."""
        wanted = [connection for topic in topics for connection in self._on(topic)]
        for connection, recorded_ns, data in self._read(wanted, start_ns, stop_ns):
            yield Wire(connection.topic, recorded_ns, data)

    def _read(
        self, connections: Collection[Connection], start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        tally = Tally()
        try:
            yield from self._recorded.messages(connections, start_ns, stop_ns, tally)
        finally:
            self.warn(tally)

    def _on(self, topic: str) -> list[Connection]:
        return [connection for connection in self.connections if connection.topic == topic]
