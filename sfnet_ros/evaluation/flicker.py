"""How much labels change from frame to frame where the picture does not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

# Larger frames are looked at smaller: the flow costs as much as a small network otherwise.
_LONG_SIDE_PX = 480
# A grey value that differs more is another thing, or a shadow on it.
_SAME_GREY = 10
# The search fails on smaller ones, some of them fatally.
_SMALLEST_PX = 32
# Tells OpenCV that x and y come in one array; its stubs do not know that it may be told so.
_NO_SECOND_MAP: Any = None


def small_grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a frame, ``(H, W, 3)``, to the size at which flicker is measured, and to grey: ``(h, w)``."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _LONG_SIDE_PX / max(height, width))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def small_labels(label_map: NDArray[np.uint8], grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring the labels of a frame, of any size, to that of its `small_grey`."""
    if label_map.shape == grey.shape:
        return label_map
    return np.asarray(cv2.resize(label_map, grey.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


@dataclass(frozen=True)
class Motion:
    """Tell where the pixels of a frame were in the one before, and which kept their look.

    Args:
        came_from: Position in the frame before, ``(h, w, 2)`` with x before y; it may lie outside.
        same: Whether the grey value there is that of here, within 10 of 255; ``(h, w)``.
    """

    came_from: NDArray[np.float32]
    same: NDArray[np.bool_]

    @classmethod
    def between(cls, before: NDArray[np.uint8], now: NDArray[np.uint8]) -> Motion:
        """Follow the pixels by dense optical flow.

        Args:
            before: Grey frame, ``(h, w)``.
            now: The one after it, of the same shape; frames below 32 px are taken to stand still.

        Source: T. Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
        """
        came_from = _grid(*now.shape)
        if min(now.shape) >= _SMALLEST_PX:
            search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
            # With it the flow would depend on the number of threads.
            search.setUseSpatialPropagation(False)
            before, now = np.ascontiguousarray(before), np.ascontiguousarray(now)
            still = np.zeros_like(came_from)
            came_from = np.asarray(came_from + search.calc(now, before, still), np.float32)
        grey = cv2.remap(before, came_from, _NO_SECOND_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return cls(came_from, cv2.absdiff(grey, now) <= _SAME_GREY)


class Flicker:
    """Count the pixels that kept their look from one frame to the next, and those of them that changed their label.

    What came from outside of the picture is not looked at, nor what is 255 in either frame.
    """

    def __init__(self) -> None:
        self._changed = 0
        self._same = 0

    def update(self, motion: Motion, before: NDArray[np.uint8], now: NDArray[np.uint8]) -> float:
        """Count one pair of frames that follow each other, and give its own share.

        Args:
            motion: Between the frames.
            before: Label map of the first, ``(h, w)``.
            now: That of the second.
        """
        # Outside of the picture there is no class.
        ignored = LabelSpace.ignore_index
        label_map = cv2.remap(before, motion.came_from, _NO_SECOND_MAP, cv2.INTER_NEAREST, borderValue=ignored)
        same = motion.same & (label_map != ignored) & (now != ignored)
        pair = Flicker()
        pair._same = int(np.count_nonzero(same))
        pair._changed = int(np.count_nonzero(same & (label_map != now)))
        self.merge(pair)
        return pair.share

    def merge(self, other: Flicker) -> None:
        """Add what another has counted."""
        self._changed += other._changed
        self._same += other._same

    @property
    def share(self) -> float:
        """Share of the pixels of the same look that changed their label, 0 to 1; NaN before there was any."""
        return self._changed / self._same if self._same else float('nan')


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> NDArray[np.float32]:
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).astype(np.float32)
    grid.setflags(write=False)
    return grid
