"""Depth pictures, and the points that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.geometry.pinhole import Pinhole

_MILLIMETRES = np.float32(1000)


class GeometryError(ValueError):
    """Say in one sentence why arrays do not fit each other."""


def to_metres(depth: NDArray[Any]) -> NDArray[np.float32]:
    """Give depths in metres; what is no measurement is NaN.

    Args:
        depth: Whole numbers are millimetres, of which 0 is no measurement; floats are metres, of which those that are
            not finite or not above 0 are none.

    Source: REP 118.
    """
    if np.issubdtype(depth.dtype, np.integer):
        metres = depth.astype(np.float32)
        metres /= _MILLIMETRES
    else:
        metres = depth.astype(np.float32)
    metres[~((metres > 0) & (metres < np.inf))] = np.nan
    return metres


def back_project(
    metres: NDArray[np.float32], camera: Pinhole
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Give x, y, z of every pixel in the optical frame, ``(H, W)`` each; NaN stays NaN in all three.

    Args:
        metres: Distance along the optical axis, ``(H, W)``.
        camera: Of that size.

    Raises:
        GeometryError: The sizes differ.
    """
    if metres.shape != camera.hw:
        raise GeometryError(f'depth is of {metres.shape}, the camera of {camera.hw} (height, width)')
    columns, rows = camera.rays()
    return metres * columns, metres * rows, metres
