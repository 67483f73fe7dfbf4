import threading

from sfnet_ros.ros.latest_slot import LatestSlot


def test_only_the_newest_item_is_taken_and_each_replaced_one_is_told() -> None:
    slot: LatestSlot[str] = LatestSlot()
    assert [slot.put(item) for item in ('first', 'second', 'third')] == [False, True, True]
    assert slot.take() == 'third'
    assert slot.put('fourth') is False


def test_take_waits_for_an_item_of_another_thread() -> None:
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take()))
    taker.start()
    slot.put(7)
    taker.join(5)
    assert taken == [7]


def test_close_wakes_who_waits_and_gives_nothing_any_more() -> None:
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take()))
    taker.start()
    assert slot.close() is False
    taker.join(5)
    assert taken == [None]
    assert slot.put(1) is True
    assert slot.take() is None


def test_close_tells_of_an_item_that_nobody_took() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    assert slot.close() is True
    assert slot.take() is None
