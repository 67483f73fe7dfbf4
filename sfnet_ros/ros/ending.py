"""The decision that a process ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any

from rclpy.task import Future

_MEANWHILE_S = 1.0


class Ending:
    """Hold the exit code of a process, decided once, by any thread; what waits is woken."""

    def __init__(self) -> None:
        self.decision: Future[int] = Future()
        self._lock = threading.Lock()

    @property
    def decided(self) -> bool:
        """Say whether the process is to end."""
        return self.decision.done()

    def decide(self, exit_code: int) -> None:
        """End the process with this code; the first decision stands."""
        with self._lock:
            if not self.decided:
                self.decision.set_result(exit_code)

    def wait_for(self, work: futures.Future[Any], meanwhile: Callable[[], None] = lambda: None) -> bool:
        """Wait until work on another thread is done, but no longer than until the process is to end.

        Args:
            work: What is waited for.
            meanwhile: Called once a second.

        Returns:
            Whether the work is done.
        """
        woken = threading.Event()
        work.add_done_callback(lambda _: woken.set())
        self.decision.add_done_callback(lambda _: woken.set())
        while not woken.wait(_MEANWHILE_S):
            meanwhile()
        return work.done()
