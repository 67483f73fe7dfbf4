"""A limit to how many frames a second are worked on."""

from __future__ import annotations

# A camera's frames come a little early and late: one that is early by less than this share of the period is due.
_EARLY = 0.25


class RateLimit:
    """Let so many frames a second pass, as evenly as they come."""

    def __init__(self) -> None:
        self._last_due_s = float('-inf')

    def passes(self, now_s: float, max_rate: float) -> bool:
        """Say whether a frame that comes now is within the limit.

        Args:
            now_s: Steady time, in seconds.
            max_rate: Frames a second; 0 is no limit.
        """
        if max_rate <= 0:
            return True
        period_s = 1 / max_rate
        due_s = self._last_due_s + period_s
        if now_s < due_s - _EARLY * period_s:
            return False
        # Counted from when it was due and not from when it came, so that the mean is the limit; after a pause from now.
        self._last_due_s = due_s if now_s - due_s < period_s else now_s
        return True
