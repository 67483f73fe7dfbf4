"""At which size the network sees a frame."""

from __future__ import annotations

from math import isqrt
from typing import Literal

# The coarsest features are 1/32 of the picture, and multiples of it waste no row on padding.
_STRIDE = 32
# A frame that is wider than this keeps its shape, but is seen smaller: a ribbon must not cost more than a picture.
_MAX_ASPECT = 4
_MAX_PIXELS = 2**25

MIN_SHORT_SIDE = _STRIDE
# With it, a frame of any shape stays within the pixels.
MAX_SHORT_SIDE = isqrt(_MAX_PIXELS // _MAX_ASPECT) // _STRIDE * _STRIDE

SizeRule = int | tuple[int, int] | Literal['frame']


def network_size(frame_hw: tuple[int, int], rule: SizeRule) -> tuple[int, int]:
    """Give the size (height, width) that a frame is brought to for the network.

    Args:
        frame_hw: The frame's size.
        rule: The short side in px, with the frame's aspect, in multiples of 32; or ``'frame'`` for the frame's own
            size; or a size for every frame.
    """
    if rule == 'frame':
        return frame_hw
    if isinstance(rule, tuple):
        return rule
    scale = min(rule / min(frame_hw), _MAX_ASPECT * rule / max(frame_hw))
    height, width = (max(_STRIDE, int(side * scale / _STRIDE + 0.5) * _STRIDE) for side in frame_hw)
    return height, width


def check_size_rule(rule: SizeRule) -> None:
    """Refuse what `network_size` does not know.

    Raises:
        ValueError: It is no short side, no size and not 'frame'.
    """
    if rule == 'frame' or (type(rule) is int and MIN_SHORT_SIDE <= rule <= MAX_SHORT_SIDE):
        return
    sides = rule if isinstance(rule, tuple) and len(rule) == 2 else (0, 0)
    if any(type(side) is not int or side < 1 for side in sides) or sides[0] * sides[1] > _MAX_PIXELS:
        raise ValueError(
            f"the network's size is {rule!r}; accepted are 'frame', a short side from {MIN_SHORT_SIDE} to "
            f'{MAX_SHORT_SIDE} px, or (height, width) with {_MAX_PIXELS} pixels at most'
        )
