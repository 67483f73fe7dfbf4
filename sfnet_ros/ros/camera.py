"""The frames of one camera topic on their way from the executor's thread to the worker's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image

from sfnet_ros.ros.latest_slot import LatestSlot
from sfnet_ros.ros.silence import SilenceWatch

_MESSAGES = {'raw': Image, 'compressed': CompressedImage}


@dataclass
class FrameCounts:
    """Count what became of the frames of a camera; received is the sum of the others and of a frame on its way.

    The executor's thread writes the first two, the worker's the others.
    """

    received: int = 0
    dropped: int = 0
    processed: int = 0
    malformed: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return (
            f'{self.received} frames received: {self.processed} processed, {self.dropped} dropped for newer ones, '
            f'{self.malformed} malformed, {self.failed} failed'
        )


class Camera:
    """Subscribe to a camera and keep its newest frame for the worker.

    Args:
        node: Node whose ``image`` topic, as remapped, is the camera.
        transport: ``'raw'``, or ``'compressed'`` for the topic's ``/compressed`` companion.
        counts: Counted on, so that totals outlive a deactivation.
        silence_s: Gives the seconds without a frame after which the node says so.
    """

    def __init__(self, node: Node, transport: str, counts: FrameCounts, silence_s: Callable[[], float]) -> None:
        self.counts = counts
        self.slot: LatestSlot[Image | CompressedImage] = LatestSlot()
        self._node = node
        message_type = _MESSAGES[transport]
        # Companions of a topic are named after what it was remapped to, as image_transport does.
        topic = 'image' if transport == 'raw' else f'{node.resolve_topic_name("image")}/{transport}'
        self._subscription = node.create_subscription(
            message_type,
            topic,
            self._receive,
            QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self.topic = self._subscription.topic_name
        self._watch = SilenceWatch(node, self.topic, silence_s)

    def close(self) -> None:
        """Take no more frames; the worker is told by its slot."""
        self._watch.close()
        self._node.destroy_subscription(self._subscription)
        self.counts.dropped += self.slot.close()

    def _receive(self, message: Image | CompressedImage) -> None:
        self._watch.heard()
        self.counts.received += 1
        self.counts.dropped += self.slot.put(message)
