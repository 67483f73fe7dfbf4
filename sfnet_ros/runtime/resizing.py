"""From a frame to what the network sees of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def resize(rgb: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """Bring a frame ``(H, W, 3)`` to the size (height, width) the network works at; one of that size is given back."""
    height, width = size_hw
    if rgb.shape[:2] == size_hw:
        return rgb
    # Averaging over the area keeps a distant pole from falling between two samples; enlarging has nothing to average.
    shrinks = height <= rgb.shape[0] and width <= rgb.shape[1]
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)
