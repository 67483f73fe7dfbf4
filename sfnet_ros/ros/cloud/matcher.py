"""Messages that belong together, out of several topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PIVOT = 'label'


class StampMatcher:
    """Wait until every topic has the message that belongs to a label map.

    Labels are made of frames, so they come last or nearly so: what the other topics hold is matched with their stamps.

    Args:
        slops_ns: For every topic besides the labels, how far its stamp may be from theirs; 0 is not at all.
        size: Messages of each topic that wait; the oldest to arrive makes room.
    """

    def __init__(self, slops_ns: Mapping[str, int], size: int) -> None:
        self._slops_ns = dict(slops_ns)
        self._size = size
        self._held: dict[str, dict[int, Any]] = {topic: {} for topic in (PIVOT, *slops_ns)}

    def add(self, topic: str, stamp_ns: int, message: Any) -> dict[str, Any] | None:
        """Take a message, and return what belongs together, by topic, if that is complete now."""
        held = self._held[topic]
        # Taken out first, so that a stamp that comes again counts as the latest to arrive.
        held.pop(stamp_ns, None)
        held[stamp_ns] = message
        if len(held) > self._size:
            del held[next(iter(held))]
        slop_ns = self._slops_ns.get(topic, 0)
        # The newest labels first: older ones are late already.
        for label_ns in sorted((ns for ns in self._held[PIVOT] if abs(ns - stamp_ns) <= slop_ns), reverse=True):
            matched = self._match(label_ns)
            if matched is not None:
                return matched
        return None

    def _match(self, label_ns: int) -> dict[str, Any] | None:
        stamps = {topic: self._nearest(topic, label_ns) for topic in self._slops_ns}
        if None in stamps.values():
            return None
        matched = {topic: self._held[topic][ns] for topic, ns in ((PIVOT, label_ns), *stamps.items()) if ns is not None}
        # Older ones will not be wanted any more; where stamps may differ, one message can serve several label maps.
        for topic, held in self._held.items():
            for old_ns in [ns for ns in held if ns <= label_ns - self._slops_ns.get(topic, 0)]:
                del held[old_ns]
        return matched

    def _nearest(self, topic: str, label_ns: int) -> int | None:
        held, slop_ns = self._held[topic], self._slops_ns[topic]
        if label_ns in held or not slop_ns:
            return label_ns if label_ns in held else None
        near = [ns for ns in held if abs(ns - label_ns) <= slop_ns]
        return min(near, key=lambda ns: abs(ns - label_ns)) if near else None
