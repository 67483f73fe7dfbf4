"""When what a replay sends is due, and the clock that goes with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from sfnet_ros.ros.replay.line import Line
from sfnet_ros.ros.replay.sequence import Cue, FrameCue

CLOCK_HZ = 100.0

_TICK_NS = round(1e9 / CLOCK_HZ)


class Pace(Protocol):
    """Say when the next message is due, in nanoseconds after the first one; None is at a word from the supervisor."""

    def due_ns(self, cue: Cue) -> float | None:
        """Give the time of a message, which comes after all that were asked for before."""


class AtSpeed:
    """Keep the pace of the recording.

    Args:
        speed: 2 is twice as fast.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._first_ns: int | None = None

    def due_ns(self, cue: Cue) -> float:
        """Give the time since the first message, by the recording."""
        if self._first_ns is None:
            self._first_ns = cue.due_ns
        return (cue.due_ns - self._first_ns) / self._speed


class AtRate:
    """Send frames at a constant rate, and what was recorded between two of them with the later one.

    Args:
        rate_hz: Frames a second.
    """

    def __init__(self, rate_hz: float) -> None:
        self._interval_ns = 1e9 / rate_hz
        self._frames = 0

    def due_ns(self, cue: Cue) -> float:
        """Give the time of the next frame."""
        due_ns = self._frames * self._interval_ns
        self._frames += isinstance(cue, FrameCue)
        return due_ns


class AtWord:
    """Send a frame at each word from the supervisor, and what was recorded before it with it."""

    def due_ns(self, cue: Cue) -> float | None:
        """Let frames wait for the word."""
        return None if isinstance(cue, FrameCue) else 0.0


class Timekeeper:
    """Wait until messages are due, while a clock goes steadily from the time of the one to that of the next.

    At a word the clock jumps, as nobody knows when the next one comes. While nobody looks it jumps too: ticking takes
    from the cores that the node runs on.

    Args:
        pace: Says when they are due.
        line: Brings words, and the end.
        show: Shows a time of the clock, in nanoseconds; never one before the last.
        is_watched: Says whether anybody looks at the clock.
    """

    def __init__(self, pace: Pace, line: Line, show: Callable[[int], None], is_watched: Callable[[], bool]) -> None:
        self._pace = pace
        self._line = line
        self._show = show
        self._is_watched = is_watched
        self._start_ns = time.monotonic_ns()
        self._due_ns = 0.0
        self._clock_ns: int | None = None

    def reach(self, cue: Cue) -> bool:
        """Wait until a message is due, and say whether that came before the end."""
        due_ns = self._pace.due_ns(cue)
        in_time = self._line.wait_for_word() if due_ns is None else self._tick_until(due_ns, cue.due_ns)
        if in_time:
            self._set(cue.due_ns)
        return in_time

    def _tick_until(self, due_ns: float, clock_ns: int) -> bool:
        from_ns, from_clock_ns = self._due_ns, self._clock_ns
        rate = 0.0 if from_clock_ns is None or due_ns <= from_ns else (clock_ns - from_clock_ns) / (due_ns - from_ns)
        tick_ns = from_ns + _TICK_NS
        while from_clock_ns is not None and tick_ns < due_ns and self._is_watched():
            if self._wait_until(tick_ns):
                return False
            self._set(from_clock_ns + round((tick_ns - from_ns) * rate))
            tick_ns += _TICK_NS
        self._due_ns = max(from_ns, due_ns)
        return not self._wait_until(due_ns)

    def _wait_until(self, due_ns: float) -> bool:
        """Wait, and say whether the end came first."""
        return self._line.stop.wait(max(0.0, (self._start_ns + due_ns - time.monotonic_ns()) / 1e9))

    def _set(self, clock_ns: int) -> None:
        # A recording may go back in time, and a clock that does makes ROS forget all that it knows.
        self._clock_ns = clock_ns if self._clock_ns is None else max(self._clock_ns, clock_ns)
        self._show(self._clock_ns)
