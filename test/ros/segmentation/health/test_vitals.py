"""What became of the frames, over hand-made time."""

from __future__ import annotations

import pytest

from sfnet_ros.ros.segmentation.health.vitals import FrameCounts, FrameTiming, Percentiles, Vitals


class Clock:
    """Time that stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vitals(clock: Clock) -> Vitals:
    return Vitals(clock)


def timing(total_ms: float = 30.0, age_ms: float = 5.0) -> FrameTiming:
    return FrameTiming(age_ms=age_ms, decode_ms=1.0, infer_ms=20.0, publish_ms=2.0, total_ms=total_ms)


def test_nothing_has_happened_to_a_new_camera(vitals: Vitals) -> None:
    summary = vitals.summary()
    assert vitals.counts == FrameCounts()
    assert (summary.rate_in, summary.rate_out, summary.drop_rate) == (0.0, 0.0, 0.0)
    assert (summary.latency_ms, summary.last_error, summary.silent_s) == ({}, '', None)


def test_every_fate_is_counted(vitals: Vitals) -> None:
    for _ in range(7):
        vitals.received(0.0)
    vitals.dropped(2)
    vitals.dropped(0)
    vitals.skipped()
    vitals.malformed('no pixels')
    vitals.failed('out of memory')
    vitals.served(timing())
    assert vitals.counts == FrameCounts(received=7, dropped=2, skipped=1, processed=1, malformed=1, failed=1)
    assert str(vitals.counts) == (
        '7 frames received: 1 processed, 2 dropped for newer ones, 1 skipped, 1 malformed, 1 failed'
    )


def test_rates_are_those_of_the_last_ten_seconds(vitals: Vitals, clock: Clock) -> None:
    for number in range(600):
        clock.now_s += 1 / 20
        vitals.received(0.0)
        if number % 2:
            vitals.served(timing())
        else:
            vitals.dropped()
    summary = vitals.summary()
    assert summary.rate_in == pytest.approx(20, rel=0.01)
    assert summary.rate_out == pytest.approx(10, rel=0.01)
    assert summary.drop_rate == pytest.approx(0.5, abs=0.01)
    clock.now_s += 11
    assert (vitals.summary().rate_in, vitals.summary().drop_rate) == (0.0, 0.0)
    assert vitals.counts.received == 600


def test_rate_of_a_camera_that_just_began_is_not_averaged_with_the_time_before(vitals: Vitals, clock: Clock) -> None:
    clock.now_s += 60
    for _ in range(30):
        clock.now_s += 0.1
        vitals.received(0.0)
    assert vitals.summary().rate_in == pytest.approx(10)


def test_two_frames_at_once_are_no_high_rate(vitals: Vitals) -> None:
    vitals.received(0.0)
    vitals.received(0.0)
    assert vitals.summary().rate_in == 1.0


def test_frames_that_max_rate_skips_do_not_lower_the_drop_rate(vitals: Vitals) -> None:
    for _ in range(4):
        vitals.received(0.0)
        vitals.received(0.0)
        vitals.skipped()
    vitals.dropped(1)
    assert vitals.summary().drop_rate == 0.25


def test_latency_of_every_part(vitals: Vitals) -> None:
    for total_ms in range(1, 102):
        vitals.received(age_ms=40.0)
        vitals.served(timing(total_ms=total_ms, age_ms=40.0))
    assert vitals.summary().latency_ms == {
        'arrival age': Percentiles(40.0, 40.0, 40.0),
        'decode': Percentiles(1.0, 1.0, 1.0),
        'infer': Percentiles(20.0, 20.0, 20.0),
        'publish': Percentiles(2.0, 2.0, 2.0),
        'total': Percentiles(51.0, 96.0, 100.0),
        'label age': Percentiles(91.0, 136.0, 140.0),
    }


def test_silence_is_timed(vitals: Vitals, clock: Clock) -> None:
    vitals.received(0.0)
    clock.now_s += 123
    assert vitals.summary().silent_s == 123


def test_a_served_frame_ends_a_row_of_failures_and_the_last_error_is_remembered(vitals: Vitals, clock: Clock) -> None:
    vitals.failed('out of memory')
    vitals.failed('out of memory again')
    assert vitals.summary().failures_in_a_row == 2
    vitals.served(timing())
    clock.now_s += 3600
    assert vitals.summary().failures_in_a_row == 0
    assert vitals.summary().last_error == 'out of memory again'
