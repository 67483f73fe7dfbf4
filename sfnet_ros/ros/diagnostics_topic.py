"""Where every node of ours says once a second how it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions

TOPIC = '/diagnostics'
PERIOD_S = 1.0

_DEPTH = 10


class DiagnosticsTopic:
    """Publish the diagnostics of a node, whatever state its lifecycle is in.

    Time is the steady clock's, so that a paused simulation does not make the node look dead.

    Args:
        node: Whose diagnostics they are.
        statuses: Gives them by what they are of, without names; called on the executor's thread.
        period_s: How often they are published.
    """

    def __init__(
        self, node: Node, statuses: Callable[[], Mapping[str, DiagnosticStatus]], period_s: float = PERIOD_S
    ) -> None:
        self._node = node
        self._statuses = statuses
        # A plain publisher: a lifecycle publisher would be silent while the node is not active.
        self._publisher = node.create_publisher(
            DiagnosticArray, TOPIC, _DEPTH, qos_overriding_options=QoSOverridingOptions.with_default_policies()
        )
        node.create_timer(period_s, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish them now; called on the executor's thread, by itself or where that is busy for long."""
        full_name = self._node.get_fully_qualified_name()
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for label, status in self._statuses().items():
            status.name = f'{full_name.lstrip("/")}: {label}'
            status.hardware_id = full_name
            message.status.append(status)
        self._publisher.publish(message)
