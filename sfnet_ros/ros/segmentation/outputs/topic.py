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

from sfnet_ros.ros.segmentation.outputs.table import DEPTH, Message, Output

# Leads that a label waits at most.
_PATIENCE = 8


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

    The while is the lead, and longer where the classes are not acknowledged by then, as on a machine that is too busy;
    but not for ever, as a subscriber that was killed acknowledges nothing.

    Discovery tells of a subscriber before the middleware sends to it. It is asked before each label, and by the event
    of a match, on the executor's thread, as subscribers come while there are no labels too. Each thread only stores
    what it saw last, and needs no lock: at worst a pause begins twice.

    Args:
        node: As for OutputTopic, like the others.
        classes_arrived: Says whether all who listen to the classes have them.
    """

    def __init__(
        self,
        node: Node,
        prefix: str,
        output: Output,
        listeners_changed: Callable[[], None],
        classes_arrived: Callable[[], bool],
    ) -> None:
        self._classes_arrived = classes_arrived
        self._subscriptions = partial(node.get_subscriptions_info_by_topic, f'{prefix}/{output.name}')
        self._known: set[bytes] = set()
        self._gained_s = -math.inf
        super().__init__(node, prefix, output, listeners_changed)

    def publish(self, message: Message, lead_ms: int) -> None:
        """Publish a label, or count it as held back for the sake of a new subscriber."""
        # What takes long is done before the look: who comes in between gets this label.
        wire = message if isinstance(message, bytes) else serialize_message(message)
        self._look_for_subscribers()
        since_ms = (time.monotonic() - self._gained_s) * 1e3
        if since_ms < lead_ms or (since_ms < _PATIENCE * lead_ms and not self._classes_arrived()):
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
