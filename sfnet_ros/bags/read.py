"""Read image recordings: frames, labels, and what the recorder noted about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader, ReaderError

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, IMAGE, TYPES, Stamped, stamp_ns


class BagError(ValueError):
    """A recording that cannot be read, or has not what was asked of it."""


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


class Bag:
    """Read a recording in the order of its recording.

    Args:
        path: A rosbag2 folder, or an .mcap or .db3 file.

    Raises:
        FileNotFoundError: There is nothing at the path.
        BagError: What is there is no readable recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise FileNotFoundError(f'there is no bag at {path}: a rosbag2 folder or an .mcap or .db3 file is expected')
        with self._said_in_a_sentence():
            self._reader = AnyReader([path], default_typestore=TYPES)
            self._reader.open()

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    @property
    def notes(self) -> dict[str, str]:
        """Give what the writer noted in metadata.yaml (custom_data)."""
        readers = [reader for reader in self._reader.readers if isinstance(reader, Reader)]
        return {key: text for reader in readers for key, text in (reader.storage.metadata.custom or {}).items()}

    @property
    def image_topics(self) -> dict[str, str]:
        """Give the type of every topic of images, by topic."""
        return {
            connection.topic: connection.msgtype
            for connection in self._reader.connections
            if connection.msgtype in (IMAGE, COMPRESSED_IMAGE)
        }

    @property
    def label_topic(self) -> str | None:
        """Give the topic of ground truth, the first with ``label`` as a part of its name; None where there is none."""
        return next((topic for topic in sorted(self.image_topics) if 'label' in topic.split('/')), None)

    def choose_image_topic(self, topic: str | None) -> str:
        """Give the topic of frames: the one asked for, or the only one there is.

        Raises:
            BagError: No such topic, or several to choose from.
        """
        frames = sorted(set(self.image_topics) - {self.label_topic})
        if topic is None and len(frames) == 1:
            return frames[0]
        if topic in self.image_topics:
            return topic
        found = ', '.join(sorted(self.image_topics)) or 'none'
        wish = 'has no image topic' if topic is None and not frames else 'has several image topics: name one'
        if topic is not None:
            wish = f'has no image topic {topic}'
        raise BagError(f'bag {self.path} {wish} (image topics in it: {found})')

    def count(self, topic: str) -> int:
        """Count the messages on a topic."""
        return sum(connection.msgcount for connection in self._on(topic))

    def messages(self, topic: str) -> Iterator[BagMessage]:
        """Read the messages on a topic.

        Raises:
            BagError: The recording is damaged here; what came before is good.
        """
        with self._said_in_a_sentence():
            for connection, recorded_ns, data in self._reader.messages(self._on(topic)):
                message = cast(Stamped, self._reader.deserialize(data, connection.msgtype))
                yield BagMessage(stamp_ns(message), recorded_ns, data, message)

    def _on(self, topic: str) -> list[Connection]:
        return [connection for connection in self._reader.connections if connection.topic == topic]

    @contextmanager
    def _said_in_a_sentence(self) -> Iterator[None]:
        try:
            yield
        except (AnyReaderError, ReaderError, FileNotFoundError) as error:
            raise BagError(f'bag {self.path} cannot be read: {error}') from error
