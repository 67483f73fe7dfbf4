"""What a case comes to, by hand-made numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sfnet_ros.ros.benchmark.case import Case, Setting
from sfnet_ros.ros.benchmark.measured import Measured, row_of

MS = 1_000_000
MODEL_MS = 40
CASE = Case((360, 480), 10.0, 50, Setting(malloc=False))


def exchange(frames: int, *, period_ms: int = 100, resident_bytes: list[int] | None = None) -> Measured:
    """Let frames go through: 3 ms to the node, 40 in the model, 2 to publish, and the label is there 1 ms later."""
    measured, free_ms = Measured(), 0
    for number in range(frames):
        stamp_ns, sent_ms = number + 1, number * period_ms
        received_ms = sent_ms + 3
        done_ms = free_ms = max(received_ms, free_ms) + MODEL_MS + 2
        served = {'model_ns': MODEL_MS * MS, 'publish_ns': 2 * MS, 'total_ns': (done_ms - received_ms) * MS}
        served['resident_bytes'] = resident_bytes[number] if resident_bytes else 1000
        measured.note({'event': 'sent', 'stamp_ns': stamp_ns, 'at_ns': sent_ms * MS})
        measured.note({'event': 'served', 'stamp_ns': stamp_ns, 'at_ns': done_ms * MS, **served})
        measured.note({'event': 'label', 'stamp_ns': stamp_ns, 'at_ns': (done_ms + 1) * MS})
    return measured


def test_the_overhead_is_what_a_frame_takes_besides_its_own_time_in_the_model() -> None:
    measured = exchange(50)
    # Slower in the model by as much as its label is later: no overhead.
    last = measured.served[50]
    measured.served[50] = replace(last, at_ns=last.at_ns + 9 * MS, model_ns=49 * MS, total_ns=last.total_ns + 9 * MS)
    measured.received_ns[50] += 9 * MS
    row = row_of(CASE, measured)
    assert (row.p50_ms, row.model_p50_ms, row.queued_p50_ms) == (46.0, 40.0, 0.0)
    assert (row.overhead_p50_ms, row.overhead_p95_ms) == (6.0, 6.0)
    assert (row.to_node_p50_ms, row.publish_p50_ms) == (3.0, 2.0)
    assert (row.frames, row.lost, row.dropped, row.growth_bytes) == (50, 0, 0, 0.0)
    assert (row.case, row.size, row.rate_hz, row.profile, row.malloc) == ('no malloc', '360x480', 10.0, True, False)


def test_what_a_frame_waits_for_the_one_before_is_told_apart() -> None:
    # Each is 42 ms of work and comes 30 ms after the one before: the nth waits n times the difference.
    row = row_of(CASE, exchange(41, period_ms=30))
    assert row.queued_p50_ms == 12.0 * 35
    assert (row.overhead_p50_ms, row.overhead_p95_ms) == (6.0, 6.0)


def test_frames_that_the_node_dropped_are_not_those_that_were_lost_on_the_way() -> None:
    measured = exchange(50)
    for stamp_ns in (2, 3, 33, 34, 35):
        del measured.served[stamp_ns], measured.received_ns[stamp_ns]
    measured.note({'event': 'counts', 'received': 48, 'dropped': 3})
    row = row_of(CASE, measured)
    assert (row.frames, row.dropped, row.lost) == (50, 3, 2)
    assert row.p50_ms == 46.0


def test_growth_is_told_by_frame_once_the_node_s_statistics_are_full() -> None:
    # 30 frames to get warm; then 40 of growing statistics, 40 of none, and 40 with 100 bytes more each.
    resident = [0] * 30 + [10_000 * number for number in range(80)] + [900_000] * 40 + [904_000] * 40
    assert row_of(CASE, exchange(190, resident_bytes=resident)).growth_bytes == 100.0


@pytest.mark.parametrize('frames', [0, 30])
def test_where_nothing_came_back_there_are_no_times(frames: int) -> None:
    measured = exchange(frames)
    measured.note({'event': 'sent', 'stamp_ns': 99, 'at_ns': 0})
    row = row_of(CASE, measured)
    assert (row.p50_ms, row.model_p50_ms, row.overhead_p50_ms, row.growth_bytes) == (None, None, None, None)
    assert (row.frames, row.lost) == (frames + 1, 1)
