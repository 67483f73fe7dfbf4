"""Say what a camera topic looks like when it stays silent."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

_PERIOD_S = 0.25
_IMAGE = 'sensor_msgs/msg/Image'
_COMPRESSED = 'sensor_msgs/msg/CompressedImage'


class SilenceWatch:
    """Watch for the frames of a topic, and say once per silence what is there instead.

    Time is the steady clock's: a paused simulation is silent too, and its own clock would never tell.

    Args:
        node: Node that subscribes to the topic.
        topic: Resolved name.
        limit_s: Gives the seconds of silence that are too many; 0 is never.
    """

    def __init__(self, node: Node, topic: str, limit_s: Callable[[], float]) -> None:
        self._node = node
        self._topic = topic
        self._limit_s = limit_s
        self._heard_s = time.monotonic()
        self._said = False
        self._timer = node.create_timer(_PERIOD_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def heard(self) -> None:
        """Note that a frame came."""
        now_s = time.monotonic()
        if self._said:
            self._node.get_logger().info(f'frames again on {self._topic}, after {now_s - self._heard_s:.1f} s')
            self._said = False
        self._heard_s = now_s

    def close(self) -> None:
        """Watch no longer."""
        self._node.destroy_timer(self._timer)

    def _check(self) -> None:
        limit_s = self._limit_s()
        if limit_s > 0 and not self._said and time.monotonic() - self._heard_s >= limit_s:
            self._said = True
            self._node.get_logger().warning(f'no frame for {limit_s:g} s on {describe_topic(self._node, self._topic)}')


def describe_topic(node: Node, topic: str) -> str:
    """Describe an image topic without frames: its publishers, and the image topics that there are."""
    publishers = node.count_publishers(topic)
    count = f'{topic}, which has {publishers} publisher{"s" * (publishers != 1)}'
    published = [(name, types) for name, types in node.get_topic_names_and_types() if node.count_publishers(name)]
    own = dict(node.get_publisher_names_and_types_by_node(node.get_name(), node.get_namespace()))
    raw, compressed = (
        [name for name, types in published if message_type in types and name not in own]
        for message_type in (_IMAGE, _COMPRESSED)
    )
    if not raw and not compressed:
        return f'{count}; there is no Image topic at all in ROS domain {node.context.get_domain_id()}'
    hint = 'nothing came from it that fits' if publishers else 'remap with -r image:=TOPIC'
    topics = f'Image topics: {", ".join(raw) or "none"}'
    if compressed:
        topics += f'; CompressedImage topics, for image_transport compressed: {", ".join(compressed)}'
    return f'{count} ({hint}); {topics}'
