"""What a replay sends, in order: the frames, again in every loop, and what belongs to them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from sfnet_ros.bags.read import Bag, BagMessage, Wire
from sfnet_ros.ros.replay.stamping import is_stamped, restamped, stamp_of

# From one loop to the next where a recording has no length.
_LONE_FRAME_NS = 100_000_000


@dataclass(frozen=True)
class Cue:
    """Hold a message that is to be sent.

    Args:
        topic: That it was recorded on.
        due_ns: When it is due: the time of its recording, later by a period in every loop.
        data: The message as it is serialized.
    """

    topic: str
    due_ns: int
    data: bytes


@dataclass(frozen=True)
class FrameCue(Cue):
    """Hold a frame that is to be sent.

    Args:
        stamp_ns: The stamp that it is sent under, which no other frame has.
        index: Its place in the recording, from 0.
        loop: In which loop, from 0.
        age_ns: How old it was by its stamp when it was recorded, by the recording's own /clock where it has one.
        message: Its fields, as they were recorded.
    """

    stamp_ns: int
    index: int
    loop: int
    age_ns: int
    message: object


class Stamps:
    """Give every frame a stamp of its own: the recorded one, or the next that is free where an earlier frame had it."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def take(self, stamp_ns: int) -> int:
        """Give the first stamp from this one on that no frame has yet."""
        free = stamp_ns
        while free in self._next:
            free = self._next[free]
        # From the first of many equal ones straight to the end of their row.
        self._next[free] = self._next[stamp_ns] = free + 1
        return free


class Span:
    """Measure from the least to the greatest of some times."""

    def __init__(self) -> None:
        self._least: int | None = None
        self._greatest = 0

    def include(self, time_ns: int) -> None:
        """Take in a time."""
        if self._least is None:
            self._least = self._greatest = time_ns
        self._least, self._greatest = min(self._least, time_ns), max(self._greatest, time_ns)

    @property
    def length_ns(self) -> int:
        """Give the time between them."""
        return 0 if self._least is None else self._greatest - self._least


class Sequence:
    """Go through a recording as often as asked for, under stamps and a clock that never go back from loop to loop.

    Args:
        bag: The recording.
        topic: Its frames.
        info_topic: The calibration of their camera, sent along; None sends none.
        clock_topic: The recording's own /clock; None where it has none.
        loops: How often.
    """

    def __init__(self, bag: Bag, topic: str, info_topic: str | None, clock_topic: str | None, loops: int = 1) -> None:
        self._bag = bag
        self._topic = topic
        self._clock_topic = clock_topic
        self._extras = [name for name in (info_topic, clock_topic) if name is not None]
        self._loops = loops
        self._stamps = Stamps()
        self._recorded, self._stamped, self._clocked = Span(), Span(), Span()
        self._frames = 0
        # As it was recorded last, and as it was sent last.
        self._clock_ns: int | None = None
        self._sent_clock_ns = 0

    def __iter__(self) -> Iterator[Cue]:
        """Give what is to be sent.

        Raises:
            BagError: The recording is damaged here; what came before is good.
        """
        yield from self._once(0, 0)
        # Which that loop has measured.
        period_ns = self._period_ns()
        for loop in range(1, self._loops):
            yield from self._once(loop, loop * period_ns)

    def _period_ns(self) -> int:
        """Give the time from one loop to the next: the length by whichever of the clocks, and that of a frame."""
        length_ns = max(span.length_ns for span in (self._recorded, self._stamped, self._clocked))
        return length_ns + (length_ns // max(1, self._frames - 1) or _LONE_FRAME_NS)

    def _once(self, loop: int, shift_ns: int) -> Iterator[Cue]:
        self._clock_ns = None
        frames, extras = self._bag.messages(self._topic), self._bag.wires(self._extras)
        # Of the same moment the extras come first: what a frame needs is there before it.
        merged: Iterable[BagMessage | Wire] = heapq.merge(extras, frames, key=attrgetter('recorded_ns'))
        index = 0
        for message in merged:
            if isinstance(message, BagMessage):
                yield self._frame(message, index, loop, shift_ns)
                index += 1
            elif is_stamped(message.data):
                yield from self._extra(message, loop, shift_ns)

    def _frame(self, message: BagMessage, index: int, loop: int, shift_ns: int) -> FrameCue:
        if loop == 0:
            self._recorded.include(message.recorded_ns)
            self._stamped.include(message.stamp_ns)
            self._frames += 1
        stamp_ns = self._stamps.take(message.stamp_ns + shift_ns)
        data = message.data if stamp_ns == message.stamp_ns else restamped(message.data, stamp_ns)
        age_ns = (message.recorded_ns if self._clock_ns is None else self._clock_ns) - message.stamp_ns
        return FrameCue(
            self._topic, message.recorded_ns + shift_ns, data, stamp_ns, index, loop, age_ns, message.message
        )

    def _extra(self, message: Wire, loop: int, shift_ns: int) -> Iterator[Cue]:
        stamp_ns = stamp_of(message.data)
        if message.topic == self._clock_topic:
            self._clock_ns = stamp_ns
            if loop == 0:
                self._clocked.include(stamp_ns)
            if stamp_ns + shift_ns < self._sent_clock_ns:
                # A clock that goes back makes ROS forget all that it knows.
                return
            self._sent_clock_ns = stamp_ns + shift_ns
        data = restamped(message.data, stamp_ns + shift_ns) if shift_ns else message.data
        yield Cue(message.topic, message.recorded_ns + shift_ns, data)
