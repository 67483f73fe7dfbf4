"""A place for one item of each source: the newest."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

Source = TypeVar('Source')
Item = TypeVar('Item')


class LatestSlots(Generic[Source, Item]):
    """Hand the newest item of each source from one thread to another; one that nobody took in time is replaced."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # In the order in which the sources began to wait: a newer item takes over its source's place in the row.
        self._items: dict[Source, Item] = {}
        self._nudged = False
        self._closed = False

    def put(self, source: Source, item: Item) -> bool:
        """Leave an item, and say whether one was lost: the one that still waited here, or this one after `close`."""
        with self._changed:
            if self._closed:
                return True
            replaced = source in self._items
            self._items[source] = item
            self._changed.notify()
        # Who takes it needs Python's lock, which this thread would keep on for a millisecond until it waits again.
        time.sleep(0)
        return replaced

    def take(self) -> dict[Source, Item] | None:
        """Wait for items and take all that wait, each under its source; none after a nudge; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._nudged or self._items)
            if self._closed:
                return None
            taken, self._items, self._nudged = self._items, {}, False
        return taken

    def nudge(self) -> None:
        """Let `take` return, be there items or not."""
        with self._changed:
            self._nudged = True
            self._changed.notify()

    def withdraw(self, source: Source) -> bool:
        """Remove what waits of a source, and say whether that was an item."""
        with self._changed:
            return self._items.pop(source, None) is not None

    def close(self) -> list[Source]:
        """Let every `take` return None from now on, and list the sources whose items nobody took."""
        with self._changed:
            self._closed = True
            lost, self._items = list(self._items), {}
            self._changed.notify_all()
        return lost
