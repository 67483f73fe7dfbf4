"""The topics on which the node publishes its outputs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, QoSPublisherMatchedInfo
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.serialization import serialize_message

from sfnet_ros.ros.outputs.table import DEPTH, Message, Output


class OutputTopic:
    """Advertise an output, and notice who listens to it.

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

    def publish(self, message: Message, _lead_ms: int) -> None:
        """Publish a message; only labels have a lead."""
        self.publisher.publish(message)

    def _matched(self, _event: QoSPublisherMatchedInfo) -> None:
        self._listeners_changed()


class LabelTopic(OutputTopic):
    """Hold labels back for a while when there is a new subscriber, so that it has the classes first.

    Discovery tells of a subscriber before the middleware sends to it. It is asked before each label, and by the event
    of a match, on the executor's thread, as subscribers come while there are no labels too. Each thread only stores
    what it saw last, and needs no lock: at worst a pause begins twice.
    """

    def __init__(self, node: Node, prefix: str, output: Output, listeners_changed: Callable[[], None]) -> None:
        self._subscriptions = partial(node.get_subscriptions_info_by_topic, f'{prefix}/{output.name}')
        self._known: set[bytes] = set()
        self._gained_s = -math.inf
        super().__init__(node, prefix, output, listeners_changed)

    def publish(self, message: Message, lead_ms: int) -> None:
        """Publish a label, or count it as held back where the newest subscriber came less than the lead ago."""
        # What takes long is done before the look: who comes in between gets this label.
        wire = serialize_message(message)
        self._look_for_subscribers()
        if time.monotonic() < self._gained_s + lead_ms / 1e3:
            self.held += 1
        else:
            self.publisher.publish(wire)

    def _matched(self, event: QoSPublisherMatchedInfo) -> None:
        self._look_for_subscribers()
        super()._matched(event)

    def _look_for_subscribers(self) -> None:
        # By their identities, as who takes another one's place changes no count.
        subscribers = {bytes(info.endpoint_gid) for info in self._subscriptions()}
        if not subscribers <= self._known:
            self._gained_s = time.monotonic()
        self._known = subscribers
