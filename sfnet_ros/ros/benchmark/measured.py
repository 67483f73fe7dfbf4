"""What one case came to."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.ros.benchmark.case import Case
from sfnet_ros.ros.replay.exchange import Exchange

# The first frames of a size find nothing warm.
WARM_UP_FRAMES = 30


@dataclass(frozen=True)
class Served:
    """Tell what the node said of a frame.

    Args:
        at_ns: Moment when all of it was done.
        decode_ns: From the message to its pixels.
        model_ns: From the pixels to the labels.
        publish_ns: From the labels to the last output.
        total_ns: From its receipt to the last output.
        resident_bytes: Memory of the node after it.
    """

    at_ns: int
    decode_ns: int
    model_ns: int
    publish_ns: int
    total_ns: int
    resident_bytes: int

    @property
    def waited_ns(self) -> int:
        """Give how long it waited until it was taken up, as for the frame before it."""
        return self.total_ns - self.decode_ns - self.model_ns - self.publish_ns


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
        overhead_p50_ms: The latency of a frame less its own time in the model.
        overhead_p95_ms: Likewise.
        to_node_p50_ms: From publishing a frame to its receipt by the node, a part of the overhead, like the next two.
        waited_p50_ms: From there until it is taken up, as when the frame before it is still in the model.
        publish_p50_ms: From the labels to the end of publishing them.
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
    overhead_p50_ms: float | None
    overhead_p95_ms: float | None
    to_node_p50_ms: float | None
    waited_p50_ms: float | None
    publish_p50_ms: float | None
    growth_bytes: float | None


def row_of(case: Case, measured: Measured) -> NodeRow:
    """Sum up what a case came to; the first frames count for what was lost alone."""
    stamps = [stamp_ns for stamp_ns in measured.received_ns if stamp_ns in measured.served][WARM_UP_FRAMES:]
    sent = np.array([measured.sent_ns[stamp_ns] for stamp_ns in stamps])
    latency = np.array([measured.received_ns[stamp_ns] for stamp_ns in stamps]) - sent
    served = [measured.served[stamp_ns] for stamp_ns in stamps]
    model = np.array([each.model_ns for each in served])
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
        overhead_p50_ms=_percentile_ms(latency - model, 50),
        overhead_p95_ms=_percentile_ms(latency - model, 95),
        to_node_p50_ms=_percentile_ms(np.array([each.at_ns - each.total_ns for each in served]) - sent, 50),
        waited_p50_ms=_percentile_ms(np.array([each.waited_ns for each in served]), 50),
        publish_p50_ms=_percentile_ms(np.array([each.publish_ns for each in served]), 50),
        growth_bytes=_growth([each.resident_bytes for each in served]),
    )


def _percentile_ms(values_ns: NDArray[np.int64], percent: float) -> float | None:
    return round(float(np.percentile(values_ns, percent)) / 1e6, 2) if len(values_ns) else None


def _growth(resident_bytes: list[int]) -> float | None:
    """Give the growth from frame to frame, between the medians of the first and the last quarter."""
    quarter = len(resident_bytes) // 4
    if not quarter:
        return None
    first, last = np.median(resident_bytes[:quarter]), np.median(resident_bytes[-quarter:])
    return round(float(last - first) / (len(resident_bytes) - quarter), 1)
