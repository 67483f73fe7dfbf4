"""Which messages belong together, by stamps worked by hand."""

from __future__ import annotations

import pytest

from sfnet_ros.ros.cloud.matcher import StampMatcher


def exact(size: int = 5) -> StampMatcher:
    return StampMatcher({'confidence': 0, 'depth': 0}, size)


@pytest.mark.parametrize('order', [('label', 'confidence', 'depth'), ('depth', 'confidence', 'label')])
def test_equal_stamps_match_in_whatever_order_they_come(order: tuple[str, ...]) -> None:
    matcher = exact()
    assert [matcher.add(topic, 7, f'{topic} 7') for topic in order[:2]] == [None, None]
    matched = matcher.add(order[2], 7, f'{order[2]} 7')
    assert matched == {topic: f'{topic} 7' for topic in order}


def test_stamps_that_differ_by_a_nanosecond_do_not_match() -> None:
    matcher = exact()
    for topic, stamp_ns in (('label', 7), ('confidence', 7), ('depth', 6), ('depth', 8)):
        assert matcher.add(topic, stamp_ns, None) is None


def test_late_labels_find_the_depth_that_waited_for_them() -> None:
    matcher = exact()
    for stamp_ns in range(1, 6):
        matcher.add('depth', stamp_ns, stamp_ns)
    matcher.add('label', 3, 'label')
    matched = matcher.add('confidence', 3, 'confidence')
    assert matched is not None
    assert matched['depth'] == 3
    # Older depths are gone, younger ones are kept.
    matcher.add('label', 2, 'label')
    assert matcher.add('confidence', 2, 'confidence') is None
    matcher.add('label', 5, 'label')
    assert matcher.add('confidence', 5, 'confidence') is not None


def test_no_more_wait_than_the_queue_holds() -> None:
    matcher = exact(size=2)
    for stamp_ns in (1, 2, 3):
        matcher.add('depth', stamp_ns, stamp_ns)
    for stamp_ns, found in ((1, False), (2, True)):
        matcher.add('label', stamp_ns, None)
        assert (matcher.add('confidence', stamp_ns, None) is not None) == found


def test_a_clock_that_jumps_back_is_followed() -> None:
    matcher = exact(size=2)
    for stamp_ns in (100, 101, 1, 2):
        for topic in ('depth', 'label'):
            assert matcher.add(topic, stamp_ns, stamp_ns) is None
        assert matcher.add('confidence', stamp_ns, stamp_ns) is not None


def test_with_a_slop_the_nearest_depth_is_taken_but_confidence_stays_exact() -> None:
    matcher = StampMatcher({'confidence': 0, 'depth': 10}, 5)
    for stamp_ns in (85, 92, 97):
        matcher.add('depth', stamp_ns, stamp_ns)
    matcher.add('confidence', 101, 'another')
    assert matcher.add('label', 100, 'label') is None
    assert matcher.add('confidence', 100, 'its own') == {'label': 'label', 'confidence': 'its own', 'depth': 97}


def test_with_a_slop_one_depth_can_serve_two_label_maps() -> None:
    matcher = StampMatcher({'depth': 10}, 5)
    matcher.add('depth', 100, 'depth')
    assert matcher.add('label', 95, 'first') == {'label': 'first', 'depth': 'depth'}
    assert matcher.add('label', 105, 'second') == {'label': 'second', 'depth': 'depth'}
    assert matcher.add('label', 111, 'third') is None


def test_a_depth_that_comes_late_completes_the_newest_labels() -> None:
    matcher = StampMatcher({'depth': 10}, 5)
    matcher.add('label', 95, 'first')
    matcher.add('label', 105, 'second')
    assert matcher.add('depth', 100, 'depth') == {'label': 'second', 'depth': 'depth'}
