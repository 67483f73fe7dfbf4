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

    @property
    def sentences(self) -> dict[str, str]:
        """Say each kind of trouble in one sentence, by its kind."""
        return {
            trouble: f'{trouble}: {count} ({"the first: " if count > 1 else ""}{self._firsts[trouble]})'
            for trouble, count in self._counts.items()
        }
