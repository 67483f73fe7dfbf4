"""Read image recordings: frames, labels, and what the recorder noted about them."""

from __future__ import annotations

import json
import logging
import struct
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from rosbags.interfaces import Connection
from rosbags.serde import SerdeError

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, IMAGE, TYPES, Stamped, stamp_ns
from sfnet_ros.bags.storage import CDR, BagError, open_recorded, serialization
from sfnet_ros.bags.tally import StampCheck, Tally

__all__ = [
    'LABEL_SPACE_NOTE',
    'PREDICTIONS_NOTE',
    'Bag',
    'BagError',
    'BagMessage',
    'MessageError',
    'Wire',
    'take_apart',
]

LABEL_SPACE_NOTE = 'label_space'
# Topics of a model's labels, confidences and overlays, in JSON: what each is of.
PREDICTIONS_NOTE = 'predictions'

_LABEL = 'label'
# What the node publishes beside its labels.
_COMPANIONS = ('confidence', 'color', 'overlay')

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


class MessageError(ValueError):
    """Bytes that are no message of their type."""


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
        """Give what the writer noted in metadata.yaml (custom_data)."""
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
    def predictions(self) -> dict[str, Any]:
        """Give the topics that `sfnet bag label` added, and what it noted of each: frames' topic, model, ..."""
        try:
            noted = json.loads(self.notes.get(PREDICTIONS_NOTE, '{}'))
        except ValueError:
            return {}
        return noted if isinstance(noted, dict) else {}

    @property
    def image_topics(self) -> dict[str, str]:
        """Give the type of every topic of images, by topic."""
        return {
            connection.topic: connection.msgtype
            for connection in self.connections
            if connection.msgtype in (IMAGE, COMPRESSED_IMAGE) and serialization(connection) == CDR
        }

    def choose_truth_topic(self, topic: str | None) -> str | None:
        """Give the topic of ground truth: the one asked for, or that of labels in a bag that notes their label space.

        In other bags labels may be anybody's, such as those of the very model that is to be scored: None.

        Raises:
            BagError: No such topic, or several to choose from.
        """
        if topic is not None:
            self._require(topic)
            return topic
        labels = self._label_topics() if LABEL_SPACE_NOTE in self.notes else []
        labels = [label for label in labels if label not in self.predictions]
        if len(labels) > 1:
            raise BagError(f'bag {self.path} has several label topics: name that of the truth ({", ".join(labels)})')
        return labels[0] if labels else None

    def choose_image_topic(self, topic: str | None, truth_topic: str | None = None) -> str:
        """Give the topic of frames: the one asked for, or the only one there is that holds neither labels nor truth.

        Raises:
            BagError: No such topic, several to choose from, or the one of the truth.
        """
        if topic is not None:
            self._require(topic)
            if topic == truth_topic:
                raise BagError(f'{topic} cannot hold both the frames and their ground truth: name two topics')
            return topic
        labels = self._label_topics()
        companions = {_sibling(label, name) for label in labels for name in _COMPANIONS}
        frames = sorted(self.image_topics.keys() - {truth_topic, *labels, *companions})
        if len(frames) != 1:
            raise self._refusal('has several image topics: name one' if frames else 'has no image topic')
        return frames[0]

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

    def _label_topics(self) -> list[str]:
        return sorted(topic for topic in self.image_topics if _LABEL in topic.split('/'))

    def _require(self, topic: str) -> None:
        if topic not in self.image_topics:
            raise self._refusal(f'has no image topic {topic}')

    def _refusal(self, what: str) -> BagError:
        found = ', '.join(sorted(self.image_topics)) or 'none'
        return BagError(f'bag {self.path} {what} (image topics in it: {found})')

    def _on(self, topic: str) -> list[Connection]:
        return [connection for connection in self.connections if connection.topic == topic]


def take_apart(data: bytes, kind: str) -> Stamped:
    """Give the fields of a message as it went over the wire (CDR).

    Raises:
        MessageError: It is none of that type.
    """
    try:
        return cast(Stamped, TYPES.deserialize_cdr(data, kind))
    except (SerdeError, ArithmeticError, LookupError, TypeError, ValueError, struct.error) as error:
        raise MessageError(str(error)) from error


def _sibling(topic: str, name: str) -> str:
    """Name what the node publishes beside labels: of /sfnet/label/compressed it is /sfnet/<name>/compressed."""
    return '/'.join(name if part == _LABEL else part for part in topic.split('/'))
