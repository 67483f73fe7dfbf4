"""Choose the frames that a network learns most from once a person has corrected them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sfnet_ros.bags.scores import FrameScore

_NS_PER_S = 1_000_000_000

# What of a frame makes it worth looking at: the lower, the more.
MEASURES: dict[str, Callable[[FrameScore], float]] = {
    'confidence': lambda score: score.confidence,
    'flicker': lambda score: -score.flicker,
}


@dataclass(frozen=True)
class Selection:
    """Say which frames are taken.

    Args:
        by: ``confidence`` takes the least confident first, ``flicker`` those that flicker most against the frame
            before; None takes them as they come.
        count: How many at most; None: all.
        min_gap_s: Two of one recording are at least so far apart, by their stamps.

    Raises:
        ValueError: A value out of its range.
    """

    by: str | None = None
    count: int | None = None
    min_gap_s: float = 1.0

    def __post_init__(self) -> None:
        if self.by is not None and self.by not in MEASURES:
            raise ValueError(f'frames are selected by {" or ".join(MEASURES)}, not by {self.by!r}')
        if self.count is not None and self.count < 1:
            raise ValueError(f'a count of {self.count} frames is not accepted; 1 or more are')
        if not 0 <= self.min_gap_s < math.inf:
            raise ValueError(f'a gap of {self.min_gap_s} s is not accepted; 0 or more is')


def select(scores: Iterable[FrameScore], selection: Selection) -> list[FrameScore]:
    """Take frames, the most wanted first.

    Args:
        scores: Of all frames; those that lack what is asked for, such as the flicker of a first frame, are not taken.
        selection: Which of them.
    """
    ranked = sorted(scores, key=lambda score: score.key)
    if selection.by is not None:
        measure = MEASURES[selection.by]
        ranked = sorted((score for score in ranked if not math.isnan(measure(score))), key=measure)
    taken: list[FrameScore] = []
    for score in ranked:
        if len(taken) == selection.count:
            break
        if not any(_are_near(score, other, selection.min_gap_s * _NS_PER_S) for other in taken):
            taken.append(score)
    return taken


def _are_near(score: FrameScore, other: FrameScore, gap_ns: float) -> bool:
    return score.bag == other.bag and abs(score.stamp_ns - other.stamp_ns) < gap_ns
