"""Say once a second on ``/diagnostics`` how the node is."""

from __future__ import annotations

import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from sfnet_ros.ros.diagnostics_topic import PERIOD_S, DiagnosticsTopic
from sfnet_ros.ros.segmentation.health.state import CameraState, NodeState
from sfnet_ros.ros.segmentation.health.statuses import camera_status, node_status


class Diagnostics:
    """Publish the diagnostics of the segmentation node and of its cameras.

    Args:
        node: Whose diagnostics they are.
        state: Gives the state of the node; called on the executor's thread.
        period_s: How often they are published.
    """

    def __init__(self, node: Node, state: Callable[[], NodeState], period_s: float = PERIOD_S) -> None:
        self._state = state
        self._open_since_s: dict[str, float] = {}
        self.publish = DiagnosticsTopic(node, self._judge, period_s).publish

    def _judge(self) -> dict[str, DiagnosticStatus]:
        state = self._state()
        named = {'node': node_status(state)}
        for camera in state.cameras:
            named[f'camera {camera.name}'.rstrip()] = camera_status(camera, state, self._open_s(camera))
        return named

    def _open_s(self, camera: CameraState) -> float:
        """Tell for how long the frames of a camera have been taken."""
        now_s = time.monotonic()
        if camera.intake != 'open':
            self._open_since_s.pop(camera.name, None)
            return 0.0
        return now_s - self._open_since_s.setdefault(camera.name, now_s)
