"""Who may record a CUDA graph, and who may wait for the whole device: never both at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class DeviceGate:
    """Keep recordings apart from each other, and from whatever synchronises the device.

    CUDA has one recording at a time in a process, and breaks it off when any thread waits for the whole device, as the
    building of an engine does, and the return of memory.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._recording = False
        self._synchronising = 0

    @contextmanager
    def recording(self) -> Iterator[bool]:
        """Say whether this thread may record until the block ends. It never waits: an engine takes minutes to build."""
        with self._changed:
            may = not self._recording and not self._synchronising
            self._recording |= may
        try:
            yield may
        finally:
            with self._changed:
                self._recording &= not may
                self._changed.notify_all()

    @contextmanager
    def synchronising(self) -> Iterator[None]:
        """Wait until nobody records, and let nobody begin until the block ends; any number of threads may be in it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._recording)
            self._synchronising += 1
        try:
            yield
        finally:
            with self._changed:
                self._synchronising -= 1


# One for the process, as CUDA's rule is.
DEVICE_GATE = DeviceGate()
