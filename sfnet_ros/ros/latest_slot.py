"""A place for one item: the newest."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')


class LatestSlot(Generic[Item]):
    """Hand the newest item from one thread to another; an item that nobody took in time is replaced."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """Leave an item, and say whether one was lost: the one that still waited here, or this one after `close`."""
        with self._changed:
            if self._closed:
                return True
            replaced = self._item is not None
            self._item = item
            self._changed.notify()
        return replaced

    def take(self) -> Item | None:
        """Wait for an item and take it; None once the slot is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
        return item

    def close(self) -> bool:
        """Let every `take` return None from now on, and say whether an item was still waiting."""
        with self._changed:
            self._closed = True
            lost = self._item is not None
            self._item = None
            self._changed.notify_all()
        return lost
