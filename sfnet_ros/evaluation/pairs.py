"""How often a byte is in a picture, and how often it meets each byte of another: what most scores are read off."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV hands its counts over as float32, which holds every whole number up to here.
_EXACT = 2**24


def count_bytes(picture: NDArray[np.uint8], where: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Count the bytes of a picture.

    Args:
        picture: Of any shape.
        where: Those to count, of the same shape; None counts all.

    Returns:
        ``(256,)``.
    """
    counts = np.zeros(256, np.int64)
    row = picture.reshape(1, -1)
    mask = None if where is None else where.view(np.uint8).reshape(1, -1)
    for start in range(0, picture.size, _EXACT):
        part = np.s_[:, start : start + _EXACT]
        found = cv2.calcHist([row[part]], [0], None if mask is None else mask[part], [256], [0, 256])
        # OpenCV 4 gives a column.
        counts += found.reshape(-1).astype(np.int64)
    return counts


def count_pairs(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the pairs of bytes at the same place.

    Args:
        first: Of any shape.
        second: Of the same shape.

    Returns:
        ``(256, 256)``: bytes of the first by bytes of the second.

    Raises:
        ValueError: The shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f'pictures are {first.shape} and {second.shape}; accepted are equal shapes')
    counts = np.zeros((256, 256), np.int64)
    rows = [picture.astype(np.uint8, copy=False).reshape(1, -1) for picture in (first, second)]
    for start in range(0, first.size, _EXACT):
        parts = [row[:, start : start + _EXACT] for row in rows]
        counts += cv2.calcHist(parts, [0, 1], None, [256, 256], [0, 256, 0, 256]).astype(np.int64)
    return counts
