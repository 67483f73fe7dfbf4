"""A topic on which the node publishes one of its outputs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, QoSPublisherMatchedInfo
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from sfnet_ros.ros.outputs.table import DEPTH, Output


class OutputTopic:
    """Advertise an output, and notice who listens to it.

    Subscribers are noticed on the executor's thread, by an event, and on the worker's when it publishes: a label could
    slip out between a subscriber's arrival and the event, and a subscriber that takes another one's place changes no
    count. Each thread only stores numbers, so that they need no lock.

    Args:
        node: Publishes.
        prefix: Of the topic's name.
        output: What is published.
        listeners_changed: Called on the executor's thread when a subscriber comes or goes.
    """

    def __init__(self, node: Node, prefix: str, output: Output, listeners_changed: Callable[[], None]) -> None:
        self.output = output
        self.held = 0
        self._listeners_changed = listeners_changed
        self._known_listeners = 0
        self._gained_s = -math.inf
        self.publisher: Publisher[Any] = node.create_publisher(
            output.message_type,
            f'{prefix}/{output.name}',
            QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.RELIABLE),
            event_callbacks=PublisherEventCallbacks(matched=self._matched),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    @property
    def has_listeners(self) -> bool:
        """Say whether somebody subscribes."""
        return self.publisher.get_subscription_count() > 0

    def holds(self, lead_ms: int) -> bool:
        """Say whether a label is to be held back, as a subscriber came less than the lead ago, and count it."""
        listeners = self.publisher.get_subscription_count()
        if listeners > self._known_listeners:
            self._gained_s = time.monotonic()
        self._known_listeners = listeners
        held = time.monotonic() < self._gained_s + lead_ms / 1e3
        self.held += held
        return held

    def _matched(self, event: QoSPublisherMatchedInfo) -> None:
        if event.total_count_change > 0:
            self._gained_s = time.monotonic()
        self._known_listeners = event.current_count
        self._listeners_changed()
