"""Arrays at another size, without mixing what their elements say."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Element = TypeVar('Element', bound=np.generic)


def sample_nearest(array: NDArray[Element], hw: tuple[int, int]) -> NDArray[Element]:
    """Take for every pixel of the new size the one whose area it lies in.

    Args:
        array: ``(H, W)`` or ``(H, W, C)``.
        hw: The new height and width.

    Returns:
        The array itself where it is of that size already.
    """
    if array.shape[:2] == hw:
        return array
    rows, columns = (
        (np.arange(size) * 2 + 1) * source // (2 * size) for size, source in zip(hw, array.shape[:2], strict=True)
    )
    sampled: NDArray[Element] = array[rows[:, None], columns]
    return sampled
