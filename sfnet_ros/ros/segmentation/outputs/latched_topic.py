"""A topic whose newest message is there for whoever comes later."""

from __future__ import annotations

import threading
from typing import Any

from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, QoSPublisherMatchedInfo
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions


class LatchedTopic:
    """Keep the newest message for late subscribers, and send it once more when one comes.

    The middleware hands out a latched message by a handshake of its own, which takes long on a busy machine; what is
    sent needs none. So a subscriber gets it once or twice.

    The publisher is a plain one: one of a lifecycle says nothing until its node is active.

    Args:
        node: Publishes.
        message_type: Type of the messages.
        topic: Name of the topic.
    """

    def __init__(self, node: Node, message_type: type[Any], topic: str) -> None:
        self._node = node
        self._newest: Any = None
        # Messages come from one thread, subscribers on the executor's: an older message never follows a newer one.
        self._one_at_a_time = threading.Lock()
        self._publisher: Publisher[Any] = node.create_publisher(
            message_type,
            topic,
            QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL),
            event_callbacks=PublisherEventCallbacks(matched=self._matched),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def publish(self, message: Any) -> None:
        """Publish a message in place of the one before."""
        with self._one_at_a_time:
            self._newest = message
            self._publisher.publish(message)

    @property
    def has_arrived(self) -> bool:
        """Say whether every subscriber has acknowledged the newest message."""
        return self._publisher.wait_for_all_acked(Duration())

    def close(self) -> None:
        """Withdraw the topic."""
        self._node.destroy_publisher(self._publisher)

    def _matched(self, event: QoSPublisherMatchedInfo) -> None:
        with self._one_at_a_time:
            if event.total_count_change > 0 and self._newest is not None:
                self._publisher.publish(self._newest)
