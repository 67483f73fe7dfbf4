"""The topics of one camera, as they come in on the executor's thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions, _declare_qos_parameters
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from sfnet_ros.ros.segmentation.frame import Arrival
from sfnet_ros.ros.segmentation.health.vitals import Vitals
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.ros.segmentation.rate_limit import RateLimit
from sfnet_ros.ros.segmentation.silence import SilenceWatch

_MESSAGES = {'raw': Image, 'compressed': CompressedImage}
_POLICIES = (*QoSOverridingOptions.with_default_policies().policy_kinds, QoSPolicyKind.DURABILITY)


class CameraInput:
    """Subscribe to a camera while its frames are wanted.

    Args:
        node: Node whose ``image`` topic, or ``<name>/image``, as remapped, is the camera.
        name: Name of the camera; '' is the only one.
        vitals: Told of every frame.
        parameters: Gives the parameters at this moment.

    Raises:
        InvalidParameterException: An overridden quality of service is none.
    """

    def __init__(self, node: Node, name: str, vitals: Vitals, parameters: Callable[[], NodeParameters]) -> None:
        self.camera_info: CameraInfo | None = None
        self._node = node
        self._vitals = vitals
        self._parameters = parameters
        self._rate_limit = RateLimit()
        transport = parameters().image_transport
        self._message_type = _MESSAGES[transport]
        self.topic = image_topic(node, name, transport)
        self.info_topic = f'{image_topic(node, name).rpartition("/")[0]}/camera_info'
        # Settled now, and not when the camera is first wanted: a wrong one ends the configuration with a sentence.
        self._qos = _overridden_qos(node, self.topic)
        self._info_qos = _overridden_qos(node, self.info_topic)
        self._subscriptions: list[Subscription[Any]] = []
        self._watch: SilenceWatch | None = None

    @property
    def is_open(self) -> bool:
        """Say whether there are subscriptions."""
        return self._watch is not None

    def open(self, deliver: Callable[[Arrival], None]) -> None:
        """Subscribe.

        Args:
            deliver: Given each frame that is within the limit of the rate.
        """
        self._subscriptions = [
            self._node.create_subscription(CameraInfo, self.info_topic, self._receive_info, self._info_qos),
            self._node.create_subscription(
                self._message_type, self.topic, lambda message: self._receive(message, deliver), self._qos
            ),
        ]
        self._watch = SilenceWatch(self._node, self.topic, lambda: self._parameters().silence_s)

    def close(self) -> None:
        """Subscribe no longer."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        while self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.pop())

    def _receive(self, message: Image | CompressedImage, deliver: Callable[[Arrival], None]) -> None:
        received_ns = time.monotonic_ns()
        if self._watch is not None:
            self._watch.heard()
        stamp = message.header.stamp
        age_ms = (self._node.get_clock().now().nanoseconds - (stamp.sec * 10**9 + stamp.nanosec)) / 1e6
        self._vitals.received(age_ms)
        if self._rate_limit.passes(received_ns / 1e9, self._parameters().max_rate):
            deliver(Arrival(message, received_ns, age_ms))
        else:
            self._vitals.skipped()

    def _receive_info(self, message: CameraInfo) -> None:
        self.camera_info = message


def image_topic(node: Node, name: str, transport: str = 'raw') -> str:
    """Name the topic of a camera's frames.

    Companions of a topic are named after what it was remapped to, as image_transport does.
    """
    image = node.resolve_topic_name(f'{name}/image' if name else 'image')
    return image if transport == 'raw' else f'{image}/{transport}'


def _overridden_qos(node: Node, topic: str) -> QoSProfile:
    """Give the quality of service of a subscription, with what parameters override of it."""
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    _declare_qos_parameters(Subscription, node, topic, qos, QoSOverridingOptions(policy_kinds=_POLICIES))
    return qos
