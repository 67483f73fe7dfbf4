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

    It is said once more when something has come on every topic and for as long again nothing belongs together: who
    mends what was missing learns what else is wrong.

    Time is the steady clock's, as a paused simulation is silent too.

    Args:
        node: Logs.
        limit_s: Gives the seconds of silence that are too many; 0 is never.
        describe: Gives what has come so far.
        all_came: Says whether something has come on every topic.
    """

    def __init__(
        self, node: Node, limit_s: Callable[[], float], describe: Callable[[], str], all_came: Callable[[], bool]
    ) -> None:
        self._node = node
        self._limit_s = limit_s
        self._describe = describe
        self._all_came = all_came
        self._heard_s = self._lacked_s = time.monotonic()
        self._said: set[bool] = set()
        self._timer = node.create_timer(_PERIOD_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def heard(self) -> None:
        """Note that a frame came."""
        if self._said:
            self._node.get_logger().info('frames match again')
            self._said.clear()
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
        now_s, all_came = time.monotonic(), self._all_came()
        if not all_came:
            self._lacked_s = now_s
        elif now_s - self._lacked_s < self._limit_s():
            # What has just come may still match.
            return
        if all_came not in self._said and (complaint := self.complaint):
            self._said.add(all_came)
            self._node.get_logger().warning(complaint)
