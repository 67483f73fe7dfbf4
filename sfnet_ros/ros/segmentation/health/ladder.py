"""Choose the size of the network by how long frames take."""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import ceil, log
from statistics import median

import numpy as np

_FRAMES = 60
# A slow frame counts one and each other one takes back so much, as a 95th percentile leaves out one in twenty; at this
# count there are too many of them.
_RELIEF = 1 / 19
_TOO_MANY = 5.0
# Shares of the target: above the one a frame is slow, and below the other a larger size is worth a try.
_SLOW, _FAST = 0.9, 0.8
# The cost of a size over that of the next smaller one: at most as their areas, at least the same.
_MOST_GROWTH = 1.6
_NEWEST = 5

_PATIENCE_S = 5.0
_MOST_PATIENCE_S = 80.0
_PROVEN_S = 30.0


class LatencyGovernor:
    """Keep the 95th percentile of the latency under a target, at the largest size that allows it.

    It goes down as soon as more than a twentieth of the frames come close to the target, by several sizes where they
    take much longer. It goes up after some seconds in which the next larger size would have had time to spare, judged
    by what the step between the two has been seen to cost. A larger size that does not last is tried again only after
    twice the time, and so on: where two sizes lie on either side of the target, the steps between them die out.

    Args:
        target_ms: Latency to stay under.
        rungs: How many sizes there are, largest first.
    """

    def __init__(self, target_ms: float, rungs: int) -> None:
        self.rung = 0
        self._target_ms = target_ms
        self._growth = [_MOST_GROWTH] * (rungs - 1)
        self._totals_ms: deque[float] = deque(maxlen=_FRAMES)
        self._slow_frames = 0.0
        self._left: tuple[int, float] | None = None
        self._stepped_s = self._went_up_s = self._hurried_s = -np.inf
        self._patience_s = _PATIENCE_S

    def observe(self, total_ms: float, now_s: float) -> int:
        """Learn how long a frame took, and choose the rung for the next: 0 is the largest size.

        Args:
            total_ms: From its receipt to its outputs.
            now_s: Time of the outputs.
        """
        # A frame that came before the last step waited for one of another size.
        if now_s - total_ms / 1e3 < self._stepped_s:
            return self.rung
        self._totals_ms.append(total_ms)
        is_slow = total_ms > _SLOW * self._target_ms
        self._slow_frames = max(0.0, self._slow_frames + (1.0 if is_slow else -_RELIEF))
        self._learn()
        if self.rung > 0 and self._predict_larger_ms() > _FAST * self._target_ms:
            self._hurried_s = now_s
        if self.rung < len(self._growth) and self._slow_frames >= _TOO_MANY:
            failed = now_s - self._went_up_s < _PROVEN_S
            self._patience_s = min(2 * self._patience_s, _MOST_PATIENCE_S) if failed else _PATIENCE_S
            self._step(self._rungs_to_target(), now_s)
        elif self.rung > 0 and now_s - self._hurried_s > self._patience_s:
            self._went_up_s = now_s
            self._step(-1, now_s)
        return self.rung

    def _rungs_to_target(self) -> int:
        """Count the rungs that it takes at least, as none saves more than its area."""
        excess = self._newest_ms() / (_SLOW * self._target_ms)
        wanted = ceil(log(excess, _MOST_GROWTH)) if excess > 1 else 1
        return min(wanted, len(self._growth) - self.rung)

    def _newest_ms(self) -> float:
        # Of the newest alone: a load that has just begun is not yet in the others.
        return median(islice(reversed(self._totals_ms), _NEWEST))

    def _predict_larger_ms(self) -> float:
        return float(np.percentile(self._totals_ms, 95)) * self._growth[self.rung - 1]

    def _learn(self) -> None:
        """Compare the sizes on both sides of the last step, while the load is likely to be the same."""
        if self._left is None:
            return
        rung, left_ms = self._left
        growth = (left_ms / median(self._totals_ms)) ** (1 / (self.rung - rung))
        for between in range(min(rung, self.rung), max(rung, self.rung)):
            self._growth[between] = min(max(growth, 1.0), _MOST_GROWTH)
        if len(self._totals_ms) == _FRAMES:
            self._left = None

    def _step(self, by: int, now_s: float) -> None:
        self._left = (self.rung, self._newest_ms())
        self.rung += by
        self._totals_ms.clear()
        self._slow_frames = 0.0
        self._stepped_s = self._hurried_s = now_s
