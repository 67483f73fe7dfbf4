"""At which size the network sees a frame, and at which size its labels come out."""

from __future__ import annotations

from math import isqrt
from typing import Literal

# The coarsest features are 1/32 of the picture, and multiples of it waste no row on padding.
_STRIDE = 32
# A frame that is wider than this is seen smaller, or squeezed: a ribbon must not cost more than a picture.
_MAX_ASPECT = 4
_MAX_PIXELS = 2**25

MIN_SHORT_SIDE = _STRIDE
# With it, a frame of any shape stays within the pixels.
MAX_SHORT_SIDE = isqrt(_MAX_PIXELS // _MAX_ASPECT) // _STRIDE * _STRIDE

# Of a ladder of sizes, the smallest in relation to the largest: below a third, small things are lost altogether.
_SMALLEST_SHARE = 1 / 3

_FROM_FRAME = -1
_FROM_OTHER_SIDE = 0

# The frame's own size, as a rule for either.
FRAME_HW = (_FROM_FRAME, _FROM_FRAME)

SizeRule = int | tuple[int, int] | Literal['frame']


def network_size(frame_hw: tuple[int, int], rule: SizeRule) -> tuple[int, int]:
    """Give the size (height, width) that a frame is brought to for the network.

    Args:
        frame_hw: The frame's size.
        rule: The short side in px, with the frame's aspect, in multiples of 32; or (height, width), where each is in
            px, -1 for the frame's own, or 0 for the multiple of 32 that follows from the other by the frame's aspect;
            or ``'frame'`` for (-1, -1).
    """
    if isinstance(rule, int):
        scale = min(rule / min(frame_hw), _MAX_ASPECT * rule / max(frame_hw))
        height, width = (_round(side * scale, _STRIDE) for side in frame_hw)
        return height, width
    return _fill_in(frame_hw, FRAME_HW if rule == 'frame' else rule, _STRIDE, _MAX_ASPECT)


def output_size(frame_hw: tuple[int, int], output_hw: tuple[int, int]) -> tuple[int, int]:
    """Give the size (height, width) at which the labels of a frame come out.

    Args:
        frame_hw: The frame's size.
        output_hw: (height, width), where each is in px, -1 for the frame's own, or 0 for what follows from the other
            by the frame's aspect; (0, 0) is the frame's size too.
    """
    if output_hw == (_FROM_OTHER_SIDE, _FROM_OTHER_SIDE):
        return frame_hw
    return _fill_in(frame_hw, output_hw, 1, _MAX_PIXELS)


def smaller_rules(rule: SizeRule, rungs: int) -> list[SizeRule]:
    """List size rules from ``rule`` down to about a third of its sides, in equal steps and multiples of 32.

    Args:
        rule: The largest, which comes first.
        rungs: How many there are, or fewer where sides as short as 32 px leave no room for more.

    Raises:
        ValueError: The rule leaves a side to the frame, so that nothing smaller can be named.
    """
    if rule == 'frame' or (isinstance(rule, tuple) and _FROM_FRAME in rule):
        raise ValueError(
            f"a network's size of {rule!r} is the frame's own, and none that steps down from it can be made ready "
            'beforehand: set its height or width in px, or leave it to the model'
        )
    rules: list[SizeRule] = [rule]
    for rung in range(1, rungs):
        share = _SMALLEST_SHARE ** (rung / (rungs - 1))
        if isinstance(rule, int):
            smaller: SizeRule = _round(rule * share, _STRIDE)
        else:
            height, width = (min(side, _round(side * share, _STRIDE)) for side in rule)
            smaller = height, width
        if smaller not in rules:
            rules.append(smaller)
    return rules


def check_size_rule(rule: SizeRule) -> None:
    """Refuse what `network_size` does not know.

    Raises:
        ValueError: It is no short side, no size and not 'frame'.
    """
    if rule == 'frame' or (type(rule) is int and MIN_SHORT_SIDE <= rule <= MAX_SHORT_SIDE):
        return
    if not (isinstance(rule, tuple) and _is_size(rule)) or rule == (_FROM_OTHER_SIDE, _FROM_OTHER_SIDE):
        raise ValueError(
            f"the network's size is {rule!r}; accepted are 'frame', a short side from {MIN_SHORT_SIDE} to "
            f"{MAX_SHORT_SIDE} px, or (height, width) in px with {_MAX_PIXELS} pixels at most, where -1 is the frame's "
            'own and 0 follows from the other'
        )


def _fill_in(frame_hw: tuple[int, int], rule_hw: tuple[int, int], multiple: int, aspect: int) -> tuple[int, int]:
    """Give a size's sides that the frame decides; what it decides stays within the pixels.

    Args:
        multiple: Of a side that follows from the other.
        aspect: How many times the other it is at most.
    """
    height, width = (own if side == _FROM_FRAME else side for own, side in zip(frame_hw, rule_hw, strict=True))
    if height == _FROM_OTHER_SIDE:
        height = min(_round(width * frame_hw[0] / frame_hw[1], multiple), width * aspect)
    if width == _FROM_OTHER_SIDE:
        width = min(_round(height * frame_hw[1] / frame_hw[0], multiple), height * aspect)
    if rule_hw[0] < 1:
        height = min(height, max(1, _MAX_PIXELS // width))
    if rule_hw[1] < 1:
        width = min(width, max(1, _MAX_PIXELS // height))
    return height, width


def _round(side: float, multiple: int) -> int:
    return max(multiple, int(side / multiple + 0.5) * multiple)


def _is_size(rule: tuple[int, ...]) -> bool:
    if len(rule) != 2 or any(type(side) is not int or side < _FROM_FRAME for side in rule):
        return False
    return max(1, rule[0]) * max(1, rule[1]) <= _MAX_PIXELS
