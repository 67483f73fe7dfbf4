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
    candidates = np.flatnonzero(is_obstacle[label_map])
    points = np.stack([axis.reshape(-1)[candidates] for axis in xyz], axis=1)
    ranges = np.sqrt(np.einsum('nc,nc->n', points, points))
    # NaN is within no limits.
    inside = (ranges >= limits.min_range) & (ranges <= limits.max_range)
    if mount is not None:
        heights = points @ mount.rotation[2].astype(np.float32) + np.float32(mount.position[2])
        inside &= (heights >= limits.min_height) & (heights <= limits.max_height)
    found: NDArray[np.intp] = candidates[inside]
    return found
