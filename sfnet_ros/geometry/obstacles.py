"""Which points of a labelled cloud are obstacles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.geometry.mount import Mount


@dataclass(frozen=True)
class ObstacleLimits:
    """Say where obstacles matter.

    Args:
        min_range: Metres from the camera, like `max_range`.
        max_range: Farther points are left out.
        min_height: Metres above the ground, like `max_height`.
        max_height: Higher points are left out, as the robot passes under them.
    """

    min_range: float = 0.0
    max_range: float = math.inf
    min_height: float = -math.inf
    max_height: float = math.inf


def find_obstacles(
    xyz: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    label_map: NDArray[np.uint8],
    is_obstacle: NDArray[np.bool_],
    limits: ObstacleLimits,
    mount: Mount | None,
) -> NDArray[np.intp]:
    """Find the points of obstacle classes within limits.

    Args:
        xyz: Coordinates in the optical frame, ``(H, W)`` each, NaN where there is no point.
        label_map: ``(H, W)``.
        is_obstacle: For every label, ``(256,)``.
        limits: What else a point has to meet.
        mount: Gives the heights; without one they are not limited.

    Returns:
        Indices into the flattened arrays.
    """
    x, y, z = xyz
    squares = x * x + y * y + z * z
    # NaN is within no limits.
    inside = (squares >= limits.min_range**2) & (squares <= limits.max_range**2) & is_obstacle[label_map]
    if mount is not None:
        along_x, along_y, along_z = mount.rotation[2].astype(np.float32)
        heights = x * along_x + y * along_y + z * along_z
        height = float(mount.position[2])
        inside &= (heights >= limits.min_height - height) & (heights <= limits.max_height - height)
    return np.flatnonzero(inside)
