import threading

from sfnet_ros.ros.latest_slots import LatestSlots


def test_only_the_newest_item_of_a_source_is_taken_and_each_replaced_one_is_told() -> None:
    slots: LatestSlots[str, int] = LatestSlots()
    assert [slots.put('front', item) for item in (1, 2, 3)] == [False, True, True]
    assert slots.take() == {'front': 3}
    assert slots.put('front', 4) is False


def test_all_sources_that_wait_are_taken_together_in_the_order_in_which_they_began_to_wait() -> None:
    slots: LatestSlots[str, int] = LatestSlots()
    for source, item in (('rear', 1), ('front', 2), ('rear', 3)):
        slots.put(source, item)
    taken = slots.take()
    assert taken is not None
    assert list(taken.items()) == [('rear', 3), ('front', 2)]


def test_take_waits_for_an_item_or_a_nudge_of_another_thread() -> None:
    slots: LatestSlots[str, int] = LatestSlots()
    taken: list[dict[str, int] | None] = []
    for wake, expected in ((lambda: slots.put('front', 7), {'front': 7}), (slots.nudge, {})):
        taker = threading.Thread(target=lambda: taken.append(slots.take()))
        taker.start()
        wake()
        taker.join(60)
        assert taken.pop() == expected


def test_close_wakes_who_waits_and_gives_nothing_any_more() -> None:
    slots: LatestSlots[str, int] = LatestSlots()
    taken: list[dict[str, int] | None] = []
    taker = threading.Thread(target=lambda: taken.append(slots.take()))
    taker.start()
    assert slots.close() == []
    taker.join(60)
    assert taken == [None]
    assert slots.put('front', 1) is True
    slots.nudge()
    assert slots.take() is None


def test_what_is_withdrawn_is_not_taken() -> None:
    slots: LatestSlots[str, int] = LatestSlots()
    for source in ('front', 'rear'):
        slots.put(source, 1)
    assert [slots.withdraw('rear'), slots.withdraw('rear')] == [True, False]
    assert slots.take() == {'front': 1}


def test_close_tells_whose_items_nobody_took() -> None:
    slots: LatestSlots[str, int] = LatestSlots()
    slots.put('rear', 1)
    assert slots.close() == ['rear']
