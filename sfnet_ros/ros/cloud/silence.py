"""Say why nothing is published."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

_PERIOD_S = 0.25


class OutputWatch:
    """Watch for frames whose parts have all come, and say once per silence what is there instead.

    Time is the steady clock's, as a paused simulation is silent too.

    Args:
        node: Logs.
        limit_s: Gives the seconds of silence that are too many; 0 is never.
        describe: Gives what has come so far.
    """

    def __init__(self, node: Node, limit_s: Callable[[], float], describe: Callable[[], str]) -> None:
        self._node = node
        self._limit_s = limit_s
        self._describe = describe
        self._heard_s = time.monotonic()
        self._said = False
        self._timer = node.create_timer(_PERIOD_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def heard(self) -> None:
        """Note that a frame came."""
        if self._said:
            self._node.get_logger().info('frames match again')
            self._said = False
        self._heard_s = time.monotonic()

    def close(self) -> None:
        """Watch no longer."""
        self._node.destroy_timer(self._timer)

    @property
    def complaint(self) -> str:
        """Say what is there in the silence; '' while there is none."""
        limit_s = self._limit_s()
        if not 0 < limit_s <= time.monotonic() - self._heard_s:
            return ''
        return f'nothing to publish for {limit_s:g} s: {self._describe()}'

    def _check(self) -> None:
        if not self._said and (complaint := self.complaint):
            self._said = True
            self._node.get_logger().warning(complaint)
