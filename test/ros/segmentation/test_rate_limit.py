import pytest

from sfnet_ros.ros.segmentation.rate_limit import RateLimit


def passed(times_s: list[float], max_rate: float) -> list[float]:
    limit = RateLimit()
    return [now_s for now_s in times_s if limit.passes(now_s, max_rate)]


def test_without_a_limit_everything_passes() -> None:
    assert passed([0.0, 0.0, 0.001], 0.0) == [0.0, 0.0, 0.001]


@pytest.mark.parametrize(('camera_hz', 'max_rate', 'every'), [(30, 10, 3), (30, 15, 2), (30, 30, 1), (30, 60, 1)])
def test_every_so_many_frames_pass_though_they_come_a_little_early_and_late(
    camera_hz: int, max_rate: float, every: int
) -> None:
    times_s = [(number + 0.1 * (-1) ** number) / camera_hz for number in range(300)]
    assert passed(times_s, max_rate) == times_s[::every]


def test_the_mean_is_the_limit_where_the_camera_s_rate_is_no_multiple_of_it() -> None:
    times_s = [number / 12 for number in range(12 * 60)]
    assert len(passed(times_s, 10.0)) == pytest.approx(600, abs=1)


def test_what_was_missed_in_a_pause_is_not_made_up_for() -> None:
    assert passed([0.0, 10.0, 10.1, 10.2, 11.0], 1.0) == [0.0, 10.0, 11.0]


def test_a_limit_that_is_raised_holds_at_once() -> None:
    limit = RateLimit()
    assert limit.passes(0.0, 0.01)
    assert not limit.passes(1.0, 0.01)
    assert limit.passes(2.1, 1.0)
    assert limit.passes(3.1, 1.0)
