"""What went to the node, and what came back from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfnet_ros.ros.replay.child import ReplayError


@dataclass
class Exchange:
    """Hold what was sent and what came back; moments are of the monotonic clock, which all processes share.

    Args:
        sent: Frames that were sent.
        sent_ns: Moment before publishing, by stamp.
        received_ns: Moment of the label's arrival, by stamp.
        warnings: What the node warned of.
    """

    sent: int = 0
    sent_ns: dict[int, int] = field(default_factory=dict)
    received_ns: dict[int, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def note(self, event: dict[str, Any]) -> None:
        """Take in an event that one of the processes told of."""
        if event['event'] == 'sent':
            self.sent += 1
            self.sent_ns.setdefault(event['stamp_ns'], event['at_ns'])
        elif event['event'] == 'label':
            self.received_ns.setdefault(event['stamp_ns'], event['at_ns'])

    def is_answered(self) -> bool:
        """Say whether the frame that was sent last has its label."""
        return bool(self.sent_ns) and next(reversed(self.sent_ns)) in self.received_ns

    def is_answerable(self) -> bool:
        """Say whether the frame that was sent last can be decoded, as far as is known."""
        return True

    def is_complete(self) -> bool:
        """Say whether all has come that goes with the newest label."""
        return True

    def latencies_ms(self) -> list[float]:
        """List the milliseconds from publishing a frame to receiving its label, in the order of arrival."""
        return [(at_ns - self.sent_ns[stamp_ns]) / 1e6 for stamp_ns, at_ns in self.received_ns.items()]

    def check(self) -> None:
        """Make sure that nothing came back that was never sent.

        Raises:
            ReplayError: Something did.
        """
        unsent = sorted(self.received_ns.keys() - self.sent_ns.keys())
        if unsent:
            raise ReplayError(
                f'the node gave {len(unsent)} labels with a stamp that no frame had, such as {unsent[0]} ns'
            )
