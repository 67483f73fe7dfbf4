"""Say once a second on ``/diagnostics`` how the node is."""

from __future__ import annotations

import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions

from sfnet_ros.ros.segmentation.health.state import CameraState, NodeState
from sfnet_ros.ros.segmentation.health.statuses import camera_status, node_status

TOPIC = '/diagnostics'
PERIOD_S = 1.0

_DEPTH = 10


class Diagnostics:
    """Publish the diagnostics of a node, whatever state its lifecycle is in.

    Time is the steady clock's, so that a paused simulation does not make the node look dead.

    Args:
        node: Whose diagnostics they are.
        state: Gives the state of the node; called on the executor's thread.
        period_s: How often they are published.
    """

    def __init__(self, node: Node, state: Callable[[], NodeState], period_s: float = PERIOD_S) -> None:
        self._node = node
        self._state = state
        self._open_since_s: dict[str, float] = {}
        # A plain publisher: a lifecycle publisher would be silent while the node is not active.
        self._publisher = node.create_publisher(
            DiagnosticArray, TOPIC, _DEPTH, qos_overriding_options=QoSOverridingOptions.with_default_policies()
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(period_s, self.publish, clock=steady)

    def publish(self) -> None:
        """Publish them now; called on the executor's thread, by itself or where that is busy for long."""
        state = self._state()
        full_name = self._node.get_fully_qualified_name()
        named = {'node': node_status(state)}
        for camera in state.cameras:
            named[f'camera {camera.name}'.rstrip()] = camera_status(camera, state, self._open_s(camera))
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for label, status in named.items():
            status.name = f'{full_name.lstrip("/")}: {label}'
            status.hardware_id = full_name
            message.status.append(status)
        self._publisher.publish(message)

    def _open_s(self, camera: CameraState) -> float:
        """Tell for how long the frames of a camera have been taken."""
        now_s = time.monotonic()
        if camera.intake != 'open':
            self._open_since_s.pop(camera.name, None)
            return 0.0
        return now_s - self._open_since_s.setdefault(camera.name, now_s)
