"""Count what goes wrong, so that it is said once with its count and not once a frame."""

from __future__ import annotations


class Tally:
    """Count troubles by what they are, and keep the first of each kind as an example."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._firsts: dict[str, str] = {}

    def add(self, trouble: str, example: object, count: int = 1) -> None:
        """Note a trouble, such as ``('damaged chunks, left out', 'checksum mismatch at byte 8')``."""
        self._counts[trouble] = self._counts.get(trouble, 0) + count
        self._firsts.setdefault(trouble, ' '.join(str(example).split()))

    def merge(self, other: Tally) -> None:
        """Add what another has counted after this one."""
        for trouble, count in other._counts.items():
            self.add(trouble, other._firsts[trouble], count)

    @property
    def total(self) -> int:
        """Count all of them."""
        return sum(self._counts.values())

    @property
    def sentences(self) -> dict[str, str]:
        """Say each kind of trouble in one sentence, by its kind."""
        return {
            trouble: f'{trouble}: {count} ({"the first: " if count > 1 else ""}{self._firsts[trouble]})'
            for trouble, count in self._counts.items()
        }


class StampCheck:
    """Count the stamps on a topic that are no order of its messages.

    Args:
        topic: Where the messages are from.
        tally: Told what is found.
    """

    def __init__(self, topic: str, tally: Tally) -> None:
        self._topic = topic
        self._tally = tally
        self._seen: set[int] = set()
        self._last_ns = 0

    def check(self, stamp_ns: int) -> None:
        """Look at the stamp of the next message."""
        if stamp_ns in self._seen:
            self._tally.add(f'messages on {self._topic} with the stamp of an earlier one', f'{stamp_ns} ns')
        elif stamp_ns < self._last_ns:
            example = f'{stamp_ns} ns after {self._last_ns} ns'
            self._tally.add(f'messages on {self._topic} stamped before the one recorded before them', example)
        self._seen.add(stamp_ns)
        self._last_ns = stamp_ns
