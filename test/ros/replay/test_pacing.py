"""When messages are due, and what the clock shows meanwhile; time itself passes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from sfnet_ros.ros.replay.pacing import AtRate, AtSpeed, AtWord, Pace, Timekeeper
from sfnet_ros.ros.replay.sequence import Cue, FrameCue

MS = 1_000_000


class FastLine:
    """Let waits end at once, and remember for how long they were; words are those that were given."""

    def __init__(self, words: int = 0) -> None:
        self.stop = self
        self.words = words
        self.ended = threading.Event()

    def wait(self, _seconds: float) -> bool:
        return self.ended.is_set()

    def wait_for_word(self) -> bool:
        self.words -= 1
        return self.words >= 0


def frame(at_ms: int) -> FrameCue:
    return FrameCue('/image', at_ms * MS, b'', at_ms * MS, 0, 0, 0, None)


def info(at_ms: int) -> Cue:
    return Cue('/camera_info', at_ms * MS, b'')


@pytest.mark.parametrize(
    ('pace', 'due_ms'),
    [
        (AtSpeed(1.0), [0, 40, 50]),
        (AtSpeed(0.5), [0, 80, 100]),
        (AtRate(2.0), [0, 500, 500]),
        (AtWord(), [None, 0, None]),
    ],
)
def test_messages_are_due_in_the_pace_that_was_asked_for(pace: Pace, due_ms: list[float | None]) -> None:
    due = [pace.due_ns(cue) for cue in (frame(1000), info(1040), frame(1050))]
    assert due == [None if each is None else each * MS for each in due_ms]


def timekeeper_of(
    pace: Pace, line: FastLine, show: Callable[[int], None] = lambda _: None, is_watched: bool = True
) -> Timekeeper:
    return Timekeeper(pace, line, show, lambda: is_watched)  # type: ignore[arg-type]


def shown(pace: Pace, line: FastLine, *cues: Cue, is_watched: bool = True) -> list[float]:
    clock: list[float] = []
    timekeeper = timekeeper_of(pace, line, lambda clock_ns: clock.append(clock_ns / MS), is_watched)
    for cue in cues:
        timekeeper.reach(cue)
    return clock


def test_the_clock_goes_steadily_from_frame_to_frame_and_is_at_each_frame_s_time() -> None:
    assert shown(AtSpeed(1.0), FastLine(), frame(1000), frame(1025)) == [1000, 1010, 1020, 1025]
    assert shown(AtSpeed(2.0), FastLine(), frame(1000), frame(1050)) == [1000, 1020, 1040, 1050]
    assert shown(AtRate(50.0), FastLine(), frame(1000), frame(1100), frame(1110)) == [1000, 1050, 1100, 1105, 1110]


def test_a_clock_that_nobody_looks_at_is_only_set_with_what_is_sent() -> None:
    assert shown(AtSpeed(1.0), FastLine(), frame(1000), info(1020), frame(1050), is_watched=False) == [1000, 1020, 1050]


def test_at_a_word_the_clock_jumps_to_the_frame() -> None:
    assert shown(AtWord(), FastLine(words=2), frame(1000), info(1030), frame(1050)) == [1000, 1030, 1050]


def test_a_clock_never_goes_back() -> None:
    assert shown(AtSpeed(1.0), FastLine(), frame(1000), frame(990), frame(1005)) == [1000, 1000, 1005]


def test_the_end_is_heard_while_a_frame_is_waited_for() -> None:
    line = FastLine()
    timekeeper = timekeeper_of(AtSpeed(1.0), line)
    assert timekeeper.reach(frame(1000))
    line.ended.set()
    assert not timekeeper.reach(frame(1025))
    assert not timekeeper_of(AtWord(), FastLine(words=0)).reach(frame(1))
