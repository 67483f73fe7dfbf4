"""What a file of a recording gives, whatever its format."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from rosbags.interfaces import Connection, MessageDefinition, MessageDefinitionFormat
from rosbags.interfaces import Qos as Qos
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.metadata import parse_qos

from sfnet_ros.bags.tally import Tally

CDR = 'cdr'

_FORMATS = {
    'ros2msg': MessageDefinitionFormat.MSG,
    'ros2idl': MessageDefinitionFormat.IDL,
    'omgidl': MessageDefinitionFormat.IDL,
}


class BagError(ValueError):
    """A recording that cannot be read, or has not what was asked of it."""


class Storage(Protocol):
    """One file of a recording.

    Args:
        connections: What is recorded, with the number of messages that are readable.
        span_ns: When the first message was recorded, and the nanosecond after the last; None without messages.
    """

    connections: list[Connection]
    span_ns: tuple[int, int] | None

    @property
    def notes(self) -> dict[str, str]:
        """Give what the writer noted in the file; nothing where that is not there or damaged."""
        ...

    def messages(
        self, ids: Collection[int], start_ns: int, stop_ns: int, tally: Tally
    ) -> Iterator[tuple[int, int, bytes]]:
        """Read messages in the order of their recording, passing over what is damaged.

        Args:
            ids: Of the connections that are wanted.
            start_ns: Only what was recorded then or later, ...
            stop_ns: ... and before this.
            tally: Told what is damaged.

        Yields:
            Id of the connection, when it was recorded, and the message as it went over the wire.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def definition(encoding: str, text: str) -> MessageDefinition:
    """Give a type's definition as recorded, or none where it is of an unknown kind."""
    kind = _FORMATS.get(encoding, MessageDefinitionFormat.NONE)
    return MessageDefinition(kind, '' if kind is MessageDefinitionFormat.NONE else text)


def offered_qos(text: str) -> list[Qos]:
    """Read the quality of service as recorded; what is no such thing is none, as nothing here depends on it."""
    try:
        return parse_qos(text)
    except (ReaderError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return []
