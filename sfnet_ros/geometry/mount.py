"""Where a camera sits on its robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mount:
    """Hold the pose of a camera's optical frame in the base frame.

    Args:
        rotation: ``(3, 3)``; its columns are the optical axes x, y, z in the base frame.
        position: Of the camera, ``(3,)``, in metres.
    """

    rotation: Vectors
    position: Vectors

    @classmethod
    def at(cls, height: float, pitch: float) -> Mount:
        """Place a camera above the origin of the base frame, looking forward.

        Args:
            height: Metres above the ground.
            pitch: Radians; positive looks down (REP 103: about the y axis, which points left).
        """
        sine, cosine = np.sin(pitch), np.cos(pitch)
        right, down, forward = (0.0, -1.0, 0.0), (-sine, 0.0, -cosine), (cosine, 0.0, -sine)
        return cls(np.column_stack([right, down, forward]), np.array([0.0, 0.0, height]))

    @classmethod
    def from_quaternion(cls, xyzw: tuple[float, float, float, float], position: tuple[float, float, float]) -> Mount:
        """Take a pose as ROS gives it.

        Raises:
            ValueError: Numbers that are no pose.
        """
        quaternion, place = np.array(xyzw, np.float64), np.array(position, np.float64)
        length = np.linalg.norm(quaternion)
        if not (np.isfinite(quaternion).all() and np.isfinite(place).all() and length > 0):
            raise ValueError(f'rotation {xyzw} with translation {position} is no pose')
        x, y, z, w = quaternion / length
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        return cls(np.eye(3) + 2 * w * cross + 2 * cross @ cross, place)

    def to_optical(self, points: NDArray[np.floating]) -> Vectors:
        """Move points ``(N, 3)`` from the base frame to the optical frame."""
        moved: Vectors = (points - self.position) @ self.rotation
        return moved

    def same_as(self, other: Mount | None) -> bool:
        """Say whether another mount is at the same place, to a tenth of a millimetre and of a milliradian."""
        if other is None:
            return False
        return bool(
            np.allclose(self.rotation, other.rotation, rtol=0, atol=1e-4)
            and np.allclose(self.position, other.position, rtol=0, atol=1e-4)
        )
