"""What was used last, while there is room for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar('Key', bound=Hashable)
Value = TypeVar('Value')


class Recent(Generic[Key, Value]):
    """Keep what is dear to make for the keys that were asked for last; it serves one thread at a time.

    Args:
        room: For how many keys.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Give the value of a key, which is made if it is not here; the one that was asked for longest ago goes.

        Raises:
            Exception: What making it raised; then nothing is kept for the key.
        """
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        # First, as two of them may not have room at once.
        while len(self._values) >= self._room:
            self._values.popitem(last=False)
        self._values[key] = make()
        return self._values[key]

    def clear(self) -> None:
        """Let go of all."""
        self._values.clear()
