"""The bond by which a Nav2 lifecycle manager notices that a node has died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rclpy.node import Node

# As Nav2's own nodes have them: the manager waits two seconds for the first beat.
_TOPIC = 'bond'
_HEARTBEAT_S = 0.1
_TIMEOUT_S = 4.0


class ManagerBond:
    """Bond an active node to its lifecycle manager; where the node starts by itself nobody is at the other end.

    Args:
        node: Has the parameter ``autostart``.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bond: Any = None

    def form(self) -> None:
        """Begin to send heartbeats; without bondpy say what the manager has to be told."""
        if self._bond is not None or self._node.get_parameter('autostart').value:
            return
        try:
            from bondpy.bondpy import Bond
        except ImportError:
            self._node.get_logger().info(
                'bondpy is not installed, so that a Nav2 lifecycle manager needs bond_timeout: 0.0, as in '
                'config/nav2/lifecycle_manager.yaml'
            )
            return
        self._bond = Bond(self._node, _TOPIC, self._node.get_name())
        self._bond.heartbeat_period = _HEARTBEAT_S
        self._bond.heartbeat_timeout = _TIMEOUT_S
        self._bond.start()

    def end(self) -> None:
        """Take leave, so that the manager does not count this as a death."""
        if self._bond is None:
            return
        bond, self._bond = self._bond, None
        bond.shutdown()
        # It destroys both but leaves them in the node's lists, where an executor would come upon them.
        self._node.destroy_subscription(bond.sub)
        self._node.destroy_publisher(bond.pub)
