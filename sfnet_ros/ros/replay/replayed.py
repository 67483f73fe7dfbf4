"""What came of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.exchange import Exchange
from sfnet_ros.ros.replay.label_store import CONFIDENCE, LABEL, LabelStore


@dataclass(frozen=True)
class TopicCount:
    """Say how much was sent on a topic, and from when to when, by the monotonic clock."""

    topic: str
    count: int
    first_ns: int
    last_ns: int

    @property
    def rate_hz(self) -> float | None:
        """Give the messages a second; None where there are no two of them."""
        return rate_hz(self.count, self.last_ns - self.first_ns)


@dataclass
class Replayed(Exchange):
    """Hold besides what came back, and what the player told.

    Args:
        labels: Label maps and confidences, by the stamp that was sent.
        sent_as: Stamp that each frame was sent under, by loop and place in the recording.
        ages_ns: How old each frame was by its stamp when it was recorded, by the stamp that was sent.
        unreadable: Stamps of frames that nobody can decode, where the player has looked.
        topics: What was sent on each topic.
        repeated: Labels that came for frames that had theirs.
    """

    labels: LabelStore = field(default_factory=LabelStore)
    sent_as: dict[tuple[int, int], int] = field(default_factory=dict)
    ages_ns: dict[int, int] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
    topics: list[TopicCount] = field(default_factory=list)
    repeated: int = 0

    def note(self, event: dict[str, Any]) -> None:
        """Take in an event that one of the processes told of."""
        kind = event['event']
        if kind == 'label':
            self.repeated += event['stamp_ns'] in self.received_ns
        super().note(event)
        if kind in (LABEL, CONFIDENCE):
            self.labels.add(event['stamp_ns'], event['size'], kind)
        elif kind == 'sent':
            stamp_ns = event['stamp_ns']
            self.sent_as[event['loop'], event['index']] = stamp_ns
            self.ages_ns[stamp_ns] = event['age_ns']
            if not event['readable']:
                self.unreadable.add(stamp_ns)
        elif kind == 'topic':
            self.topics.append(TopicCount(event['topic'], event['count'], event['first_ns'], event['last_ns']))

    def is_answered(self) -> bool:
        """Say whether the newest frame that can be decoded has its label; with none, nothing is missing."""
        for stamp_ns in reversed(self.sent_ns):
            if stamp_ns not in self.unreadable:
                return stamp_ns in self.received_ns
        return bool(self.sent_ns)

    def is_answerable(self) -> bool:
        """Say whether the frame that was sent last can be decoded, where the player has looked."""
        return not self.sent_ns or next(reversed(self.sent_ns)) not in self.unreadable

    def is_complete(self) -> bool:
        """Say whether the newest label has its confidence."""
        return not self.received_ns or self.labels.has(next(reversed(self.received_ns)), CONFIDENCE)

    def label_ages_ms(self) -> list[float]:
        """List how old frames were by their stamps when their labels came: as recorded, and what the label took."""
        return [
            (self.ages_ns[stamp_ns] + at_ns - self.sent_ns[stamp_ns]) / 1e6
            for stamp_ns, at_ns in self.received_ns.items()
        ]

    def check(self) -> None:
        """Make sure that something came back, and nothing that was never sent.

        Raises:
            ReplayError: It did not.
        """
        if not self.sent:
            raise ReplayError('nothing was played: no frame was asked for before the end')
        if not self.received_ns:
            said = f', and warned: {self.warnings[-1]}' if self.warnings else ''
            raise ReplayError(f'the node gave no label for any of {self.sent} frames{said}')
        super().check()


def rate_hz(count: int, span_ns: int) -> float | None:
    """Give the messages a second, of so many from the first to the last; None where there are no two of them."""
    return round((count - 1) / span_ns * 1e9, 2) if count > 1 and span_ns > 0 else None
