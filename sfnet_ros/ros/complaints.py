"""Warnings of what may happen with every frame."""

from __future__ import annotations

import time
from math import inf

from rclpy.impl.rcutils_logger import RcutilsLogger

_PAUSE_S = 5.0


class Complaints:
    """Warn of one thing at most once in five seconds, whatever else is warned of meanwhile. It is of one thread.

    rclpy's own throttle is one for each line of code: one fault would keep another from being told.

    Args:
        logger: Is told.
    """

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._told_s: dict[str, float] = {}

    def warn(self, about: str, sentence: str) -> None:
        """Tell a sentence, unless one about the same thing has just been told."""
        now_s = time.monotonic()
        if now_s - self._told_s.get(about, -inf) >= _PAUSE_S:
            self._told_s[about] = now_s
            self._logger.warning(sentence)
