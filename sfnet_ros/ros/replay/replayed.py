"""What came of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.exchange import Exchange
from sfnet_ros.ros.replay.label_store import LabelStore


@dataclass
class Replayed(Exchange):
    """Hold the label maps that came back besides.

    Args:
        labels: Label maps by stamp.
    """

    labels: LabelStore = field(default_factory=LabelStore)

    def note(self, event: dict[str, Any]) -> None:
        """Take in an event that one of the processes told of."""
        super().note(event)
        if event['event'] == 'label':
            self.labels.add(event['stamp_ns'], (event['height'], event['width']))

    def check(self) -> None:
        """Make sure that something came back, and nothing that was never sent.

        Raises:
            ReplayError: It did not.
        """
        if not self.received_ns:
            said = f', and warned: {self.warnings[-1]}' if self.warnings else ''
            raise ReplayError(f'the node gave no label for any of {self.sent} frames{said}')
        super().check()
