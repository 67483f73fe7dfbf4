"""What came of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.label_store import LabelStore


@dataclass
class Replayed:
    """Hold what was sent and what came back; moments are of the monotonic clock, which all processes share.

    Args:
        labels: Label maps by stamp.
        sent: Frames that were sent.
        sent_ns: Moment before publishing, by stamp.
        received_ns: Moment of the label's arrival, by stamp.
        warnings: What the node warned of.
    """

    labels: LabelStore
    sent: int = 0
    sent_ns: dict[int, int] = field(default_factory=dict)
    received_ns: dict[int, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def latencies_ms(self) -> list[float]:
        """List the milliseconds from publishing a frame to receiving its label, in the order of arrival."""
        return [(at_ns - self.sent_ns[stamp_ns]) / 1e6 for stamp_ns, at_ns in self.received_ns.items()]

    def check(self) -> None:
        """Make sure that something came back, and nothing that was never sent.

        Raises:
            ReplayError: It did not.
        """
        if not self.received_ns:
            said = f', and warned: {self.warnings[-1]}' if self.warnings else ''
            raise ReplayError(f'the node gave no label for any of {self.sent} frames{said}')
        unsent = sorted(self.received_ns.keys() - self.sent_ns.keys())
        if unsent:
            raise ReplayError(
                f'the node gave {len(unsent)} labels with a stamp that no frame had, such as {unsent[0]} ns'
            )
