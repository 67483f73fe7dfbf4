"""What one case came to."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.ros.benchmark.case import Case
from sfnet_ros.ros.replay.exchange import Exchange

# The first frames of a size find nothing warm.
_WARM_UP_FRAMES = 30


@dataclass(frozen=True)
class Served:
    """Tell what the node said of a frame.

    Args:
        at_ns: Moment when all of it was done.
        model_ns: From the pixels to the labels.
        publish_ns: From the labels to the last output.
        total_ns: From its receipt to the last output.
        resident_bytes: Memory of the node after it.
    """

    at_ns: int
    model_ns: int
    publish_ns: int
    total_ns: int
    resident_bytes: int

    @property
    def received_ns(self) -> int:
        """Give the moment of its receipt."""
        return self.at_ns - self.total_ns


@dataclass
class Measured(Exchange):
    """Hold besides what the node said.

    Args:
        served: Of each frame that it served, by stamp.
        dropped: How many frames it dropped for newer ones.
    """

    served: dict[int, Served] = field(default_factory=dict)
    dropped: int = 0

    def note(self, event: dict[str, Any]) -> None:
        """Take in an event that one of the processes told of."""
        super().note(event)
        if event['event'] == 'served':
            self.served[event['stamp_ns']] = Served(**{item.name: event[item.name] for item in fields(Served)})
        elif event['event'] == 'counts':
            self.dropped = event['dropped']

    def queued_ns(self) -> dict[int, int]:
        """Tell by stamp how long each frame waited in the node while the one before it was worked on."""
        queued, free_ns = {}, 0
        for stamp_ns, served in sorted(self.served.items(), key=lambda item: item[1].at_ns):
            queued[stamp_ns] = max(0, free_ns - served.received_ns)
            free_ns = served.at_ns
        return queued


@dataclass(frozen=True)
class NodeRow:
    """Hold what a case came to, under the keys of the JSON; None where too few labels came to tell.

    Args:
        case: How the processes were set up, in a word.
        size: Of the frames, height x width.
        rate_hz: Frames a second.
        profile: Whether the processes had our Fast DDS profile.
        malloc: Whether malloc was kept from giving large blocks back.
        frames: Frames that were sent.
        lost: Those that were lost on the way to the node, or whose labels were on the way back.
        dropped: Those that the node dropped for newer ones.
        p50_ms: From publishing a frame to receiving its label.
        p95_ms: Likewise.
        model_p50_ms: From a frame's pixels to the labels.
        queued_p50_ms: For how long frames waited in the node while the one before was worked on.
        overhead_p50_ms: What the latency of each frame is besides these two.
        overhead_p95_ms: Likewise.
        to_node_p50_ms: From publishing a frame to its receipt by the node, a part of the overhead.
        publish_p50_ms: From the labels to the end of publishing them, another one.
        growth_bytes: By how much the memory of the node grew with each frame.
    """

    case: str
    size: str
    rate_hz: float
    profile: bool
    malloc: bool
    frames: int
    lost: int
    dropped: int
    p50_ms: float | None
    p95_ms: float | None
    model_p50_ms: float | None
    queued_p50_ms: float | None
    overhead_p50_ms: float | None
    overhead_p95_ms: float | None
    to_node_p50_ms: float | None
    publish_p50_ms: float | None
    growth_bytes: float | None


def row_of(case: Case, measured: Measured) -> NodeRow:
    """Sum up what a case came to; the first frames count for what was lost alone."""
    warm = list(measured.sent_ns)[_WARM_UP_FRAMES:]
    stamps = [stamp_ns for stamp_ns in warm if stamp_ns in measured.received_ns and stamp_ns in measured.served]
    sent = np.array([measured.sent_ns[stamp_ns] for stamp_ns in stamps])
    latency = np.array([measured.received_ns[stamp_ns] for stamp_ns in stamps]) - sent
    served = [measured.served[stamp_ns] for stamp_ns in stamps]
    model = np.array([each.model_ns for each in served])
    all_queued = measured.queued_ns()
    queued = np.array([all_queued[stamp_ns] for stamp_ns in stamps])
    overhead = latency - model - queued
    return NodeRow(
        case=case.setting.name,
        size=f'{case.frame_hw[0]}x{case.frame_hw[1]}',
        rate_hz=case.rate_hz,
        profile=case.setting.profile,
        malloc=case.setting.malloc,
        frames=measured.sent,
        lost=measured.sent - measured.dropped - len(measured.received_ns),
        dropped=measured.dropped,
        p50_ms=_percentile_ms(latency, 50),
        p95_ms=_percentile_ms(latency, 95),
        model_p50_ms=_percentile_ms(model, 50),
        queued_p50_ms=_percentile_ms(queued, 50),
        overhead_p50_ms=_percentile_ms(overhead, 50),
        overhead_p95_ms=_percentile_ms(overhead, 95),
        to_node_p50_ms=_percentile_ms(np.array([each.received_ns for each in served]) - sent, 50),
        publish_p50_ms=_percentile_ms(np.array([each.publish_ns for each in served]), 50),
        growth_bytes=_growth([each.resident_bytes for each in served]),
    )


def _percentile_ms(values_ns: NDArray[np.int64], percent: float) -> float | None:
    return round(float(np.percentile(values_ns, percent)) / 1e6, 2) if len(values_ns) else None


def _growth(resident_bytes: list[int]) -> float | None:
    """Give the growth from frame to frame, between the medians of the third and the last quarter.

    By then the statistics of the node, which cover ten seconds, are as large as they get.
    """
    quarter = len(resident_bytes) // 4
    if not quarter:
        return None
    third, last = np.median(resident_bytes[-2 * quarter : -quarter]), np.median(resident_bytes[-quarter:])
    return round(float(last - third) / quarter, 1)
