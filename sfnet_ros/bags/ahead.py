"""Read ahead: whoever takes from an iterator finds the next already there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Generic, TypeVar

T = TypeVar('T')


class _End:
    """Comes after the last item."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Reader(Generic[T]):
    """Run an iterator in a thread of its own, a few items ahead."""

    def __init__(self, open_items: Callable[[], Iterator[T]], depth: int) -> None:
        self._open_items = open_items
        self._items: queue.Queue[T | _End] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name='read ahead', daemon=True)
        self._thread.start()

    def take(self) -> Iterator[T]:
        while not isinstance(item := self._items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def stop(self) -> None:
        self._stopped.set()
        # A put that waits goes through at once, and is the last.
        while not self._items.empty():
            self._items.get_nowait()
        self._thread.join()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            items = self._open_items()
            with closing(items):  # type: ignore[type-var]  # generators close
                for item in items:
                    self._items.put(item)
                    if self._stopped.is_set():
                        return
        except BaseException as raised:  # noqa: BLE001 - it is raised where the items are taken
            error = raised
        self._items.put(_End(error))


@contextmanager
def read_ahead(open_items: Callable[[], Iterator[T]], depth: int = 4) -> Iterator[Iterator[T]]:
    """Give the items of an iterator, which runs in a thread of its own.

    Args:
        open_items: Called in that thread, as what it opens (a database) may be bound to it; gives a generator.
        depth: How many items are held at most.

    Raises:
        BaseException: What the iterator raised, in its turn.
    """
    reader = _Reader(open_items, depth)
    try:
        yield reader.take()
    finally:
        reader.stop()
