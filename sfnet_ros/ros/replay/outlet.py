"""A topic that the player publishes on."""

from __future__ import annotations

import time
from typing import Any

from sfnet_ros.ros.replay.line import Line
from sfnet_ros.ros.replay.stamping import stamp_wire

_QUEUE = 10


class Outlet:
    """Publish on a topic, and count.

    Args:
        node: Publishes.
        topic: Where.
        message_type: Of what is published.
    """

    def __init__(self, node: Any, topic: str, message_type: type[Any]) -> None:
        # Reliable, which those hear too that do not ask for it.
        self.publisher = node.create_publisher(message_type, topic, _QUEUE)
        self._topic = topic
        self._count = self._first_ns = self._last_ns = 0

    def send(self, wire: bytes) -> int:
        """Publish a message as it is serialized, of which nothing can change on the way, and give the moment before."""
        self._last_ns = time.monotonic_ns()
        self._first_ns = self._first_ns or self._last_ns
        self._count += 1
        self.publisher.publish(wire)
        return self._last_ns

    def is_heard(self) -> bool:
        """Say whether anybody listens."""
        return bool(self.publisher.get_subscription_count())

    def show(self, clock_ns: int) -> None:
        """Publish a time of the clock."""
        self.send(stamp_wire(clock_ns))

    def tell(self, line: Line) -> None:
        """Tell how many messages there were, and from when to when."""
        line.say('topic', topic=self._topic, count=self._count, first_ns=self._first_ns, last_ns=self._last_ns)
