"""Which way a pixel looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pinhole:
    """Describe a camera without distortion, in pixels of a picture of a certain size.

    Args:
        fx: Focal length along x, like the others.
        fy: Along y.
        cx: Column at which the optical axis meets the picture; 0 is the centre of the first pixel.
        cy: Row, likewise.
        hw: Height and width of the picture.

    Raises:
        ValueError: Values that no camera has.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    hw: tuple[int, int]

    def __post_init__(self) -> None:
        values = {'fx': self.fx, 'fy': self.fy, 'cx': self.cx, 'cy': self.cy}
        wrong = [f'{name} is {value:g}' for name, value in values.items() if not math.isfinite(value)]
        wrong += [f'{name} is {value:g}' for name, value in values.items() if name[0] == 'f' and value <= 0]
        if wrong:
            raise ValueError(f'{wrong[0]}: focal lengths are above 0 px, and all of fx, fy, cx, cy are finite')
        if min(self.hw) <= 0:
            raise ValueError(f'a picture of {self.hw[0]} rows and {self.hw[1]} columns holds nothing')

    def rays(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give x / z of every column, ``(1, W)``, and y / z of every row, ``(H, 1)``."""
        height, width = self.hw
        columns = (np.arange(width) - self.cx) / self.fx
        rows = (np.arange(height) - self.cy) / self.fy
        return columns.astype(np.float32)[None, :], rows.astype(np.float32)[:, None]
