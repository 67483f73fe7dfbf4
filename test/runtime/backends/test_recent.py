"""What was asked for last is kept, and no more than there is room for."""

from __future__ import annotations

import gc
import weakref

import pytest

from sfnet_ros.runtime.backends.recent import Recent


class Made:
    pass


def test_a_value_is_made_once_for_its_key() -> None:
    recent: Recent[str, Made] = Recent(2)
    first = recent.get('a', Made)
    assert recent.get('a', Made) is first
    assert recent.get('b', Made) is not first


def test_the_one_that_was_asked_for_longest_ago_goes() -> None:
    recent: Recent[str, Made] = Recent(2)
    kept, gone = recent.get('kept', Made), weakref.ref(recent.get('gone', Made))
    recent.get('kept', Made)
    recent.get('new', Made)
    gc.collect()
    assert gone() is None
    assert recent.get('kept', Made) is kept
    assert len(recent) == 2


def test_there_is_room_before_the_new_one_is_made() -> None:
    recent: Recent[str, int] = Recent(1)
    recent.get('old', lambda: 0)
    assert recent.get('new', lambda: len(recent)) == 0


def test_what_cannot_be_made_is_tried_again() -> None:
    recent: Recent[str, int] = Recent(1)

    def fail() -> int:
        raise MemoryError('full')

    with pytest.raises(MemoryError, match='full'):
        recent.get('a', fail)
    assert recent.get('a', lambda: 1) == 1


def test_cleared_is_empty() -> None:
    recent: Recent[str, int] = Recent(3)
    recent.get('a', lambda: 1)
    recent.clear()
    assert recent.get('a', lambda: 2) == 2
