"""What of a replay only the live node shows: what it dropped, how old its labels are, and how often messages came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sfnet_ros.bags.report.document import spread
from sfnet_ros.ros.replay.plan import ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed, rate_hz
from sfnet_ros.ros.replay.stage import LABEL_TOPIC


@dataclass(frozen=True)
class Live:
    """Hold it; the fields are keys of the JSON.

    Args:
        mode: When frames were sent: paced, lockstep or step.
        speed: 2 is twice as fast as recorded; None where the frames had another pace.
        rate_hz: Frames a second that were asked for; None where they had another pace.
        loops: How often the recording was played.
        use_sim_time: Whether the node took its time from /clock.
        frames: Frames sent.
        processed: Those whose label came back.
        unread_frames: Those that nobody can decode.
        dropped: The others.
        fps: Labels a second, from the first to the last; None for a single one.
        age_ms: From the stamp of a frame to the arrival of its label: mean, p50, p95 and max.
        stamps: What the stamps were like, see `stamp_facts`.
        rates_hz: Messages a second on each topic, those sent and the labels; None for a single one.
        model_ms: Median time of the model alone on these frames, outside the node.
        warnings: What the node warned of, and what is odd about the stamps.
    """

    mode: str
    speed: float | None
    rate_hz: float | None
    loops: int
    use_sim_time: bool
    frames: int
    processed: int
    unread_frames: int
    dropped: int
    fps: float | None
    age_ms: dict[str, float]
    stamps: dict[str, Any]
    rates_hz: dict[str, float | None]
    model_ms: float
    warnings: list[str]


def live_facts(plan: ReplayPlan, replayed: Replayed, stamps_ns: list[int], unread: int, model_ms: float) -> Live:
    """Sum up a replay.

    Args:
        plan: What was replayed.
        replayed: What came back.
        stamps_ns: Stamps of the frames as they were recorded, once.
        unread: Frames, of all loops, that nobody can decode.
        model_ms: Median time of the model alone.
    """
    is_paced = plan.mode.value == 'paced'
    fps = _label_rate(replayed)
    stamps = stamp_facts(stamps_ns, replayed)
    return Live(
        mode=plan.mode.value,
        speed=plan.speed if is_paced and not plan.rate_hz else None,
        rate_hz=plan.rate_hz,
        loops=plan.loops,
        use_sim_time=bool(plan.parameters.get('use_sim_time')),
        frames=replayed.sent,
        processed=len(replayed.received_ns),
        unread_frames=unread,
        dropped=replayed.sent - unread - len(replayed.received_ns),
        fps=fps,
        age_ms=spread(replayed.label_ages_ms()),
        stamps=stamps,
        rates_hz={**{topic.topic: topic.rate_hz for topic in replayed.topics}, LABEL_TOPIC: fps},
        model_ms=model_ms,
        warnings=[*replayed.warnings, *_odd_stamps(stamps)],
    )


def stamp_facts(stamps_ns: list[int], replayed: Replayed) -> dict[str, Any]:
    """Tell what the stamps of a recording are like.

    Returns:
        ``matched``: labels that carry the stamp of a frame, which are all of them; ``repeated_labels``: those besides
        that came for frames that had theirs; ``repeated``: frames with the stamp of an earlier one, which were sent
        under the next free one; ``decreasing``: frames with an earlier stamp than the one before; ``interval_ms``: from
        stamp to stamp (mean, p50, p95, max), none for a single frame.
    """
    intervals_ms = np.diff(stamps_ns) / 1e6
    return {
        'matched': len(replayed.received_ns),
        'repeated_labels': replayed.repeated,
        'repeated': len(stamps_ns) - len(set(stamps_ns)),
        'decreasing': int((intervals_ms < 0).sum()),
        'interval_ms': spread(intervals_ms.tolist()),
    }


def _label_rate(replayed: Replayed) -> float | None:
    moments = replayed.received_ns.values()
    return rate_hz(len(moments), max(moments) - min(moments))


def _odd_stamps(stamps: dict[str, Any]) -> list[str]:
    odd = []
    if count := stamps['repeated']:
        odd.append(f'frames with the stamp of an earlier one, sent under the next free nanosecond: {count}')
    if count := stamps['decreasing']:
        odd.append(f'frames with an earlier stamp than the one before, sent as they are: {count}')
    return odd
