"""What was noted in the last seconds."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Value = TypeVar('Value')

# A shorter time than this tells no rate.
_SHORTEST_RATE_S = 1.0


class Window(Generic[Value]):
    """Remember values for some seconds. It is of one thread, or under its user's lock.

    Args:
        length_s: For how long.
    """

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._noted: deque[tuple[float, Value]] = deque()

    def note(self, value: Value, now_s: float) -> None:
        """Remember a value from now on."""
        self._noted.append((now_s, value))
        # Here too, as nobody need ever ask.
        self._forget(now_s)

    def values(self, now_s: float) -> list[Value]:
        """List the values that are not too old, oldest first."""
        self._forget(now_s)
        return [value for _, value in self._noted]

    def rate(self, now_s: float) -> float:
        """Give the values a second since the oldest, as the time before that may not have been theirs."""
        self._forget(now_s)
        if not self._noted:
            return 0.0
        return (len(self._noted) - 1) / max(_SHORTEST_RATE_S, now_s - self._noted[0][0])

    def clear(self) -> None:
        """Forget all values."""
        self._noted.clear()

    def _forget(self, now_s: float) -> None:
        while self._noted and self._noted[0][0] < now_s - self._length_s:
            self._noted.popleft()
