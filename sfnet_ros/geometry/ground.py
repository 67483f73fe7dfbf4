"""What labels say of the ground, where nothing measures depth: the ground is taken for a plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.geometry.depth import GeometryError
from sfnet_ros.geometry.mount import Mount
from sfnet_ros.geometry.pinhole import Pinhole

UNKNOWN, FREE, OCCUPIED = -1, 0, 100

# In the order of caution: a cell is as bad as the worst that is seen of it.
_BY_RANK = np.array([FREE, UNKNOWN, OCCUPIED], np.int8)
_FREE_RANK, _UNKNOWN_RANK, _OCCUPIED_RANK = range(3)

# Places in a cell that are looked at, along each side: near the camera a cell is many pixels.
_PLACES = np.array([-1 / 3, 0, 1 / 3])


@dataclass(frozen=True)
class GroundGrid:
    """Lay a square grid on the ground, with the base frame's origin in its middle.

    Args:
        resolution: Side of a cell, in metres.
        max_range: Distance from the point under the camera, in metres, beyond which cells are unknown.
    """

    resolution: float
    max_range: float

    @property
    def side(self) -> int:
        """Count the cells along each side."""
        return 2 * round(self.max_range / self.resolution)

    @property
    def origin(self) -> float:
        """Give x, which is y too, of the corner of the first cell."""
        return -self.side / 2 * self.resolution

    def centres(self) -> NDArray[np.float64]:
        """Give x and y of every cell, ``(cells, 2)``, row by row of equal y, as nav_msgs/OccupancyGrid orders them."""
        axis = self.origin + (np.arange(self.side) + 0.5) * self.resolution
        y, x = np.meshgrid(axis, axis, indexing='ij')
        return np.stack([x.reshape(-1), y.reshape(-1)], axis=1)


class GroundView:
    """Know which pixels see which cells of the ground, for one camera on one mount.

    Args:
        camera: Of the label maps' size.
        mount: The camera's place in the base frame.
        grid: The cells.

    Raises:
        GeometryError: The camera is not above the ground.
    """

    def __init__(self, camera: Pinhole, mount: Mount, grid: GroundGrid) -> None:
        if mount.position[2] <= 0:
            raise GeometryError(
                f'the camera is at a height of {mount.position[2]:g} m in the base frame, which is to lie on the '
                'ground below it'
            )
        self.camera = camera
        self.mount = mount
        self.grid = grid
        centres = grid.centres()
        near = np.flatnonzero(np.hypot(*(centres - mount.position[:2]).T) <= grid.max_range)
        middles = self._pixels(centres[near])
        self._cells, middles = near[middles >= 0], middles[middles >= 0]
        dy, dx = np.meshgrid(_PLACES * grid.resolution, _PLACES * grid.resolution, indexing='ij')
        places = centres[self._cells][:, None] + np.stack([dx.reshape(-1), dy.reshape(-1)], axis=1)
        pixels = self._pixels(places)
        # What lies beyond the edge of the picture counts as the cell's centre.
        self._pixels_of_cells = np.where(pixels >= 0, pixels, middles[:, None])

    def occupancy(self, label_map: NDArray[np.uint8], ranks: NDArray[np.uint8]) -> NDArray[np.int8]:
        """Judge every cell by the worst label that is seen in it.

        Args:
            label_map: ``(H, W)`` of the camera's size.
            ranks: What each label stands for, as `rank_labels` gives it.

        Returns:
            ``(side, side)``, rows of equal y: 0 is drivable, 100 is not, -1 is not known.
        """
        seen = ranks[label_map.reshape(-1)[self._pixels_of_cells]]
        cells = np.full(self.grid.side**2, UNKNOWN, np.int8)
        cells[self._cells] = _BY_RANK[seen.max(axis=1, initial=_FREE_RANK)]
        return cells.reshape(self.grid.side, self.grid.side)

    @cached_property
    def depth(self) -> NDArray[np.float32]:
        """Give the depth ``(H, W)`` at which each pixel sees the ground; NaN above the horizon and out of range."""
        columns, rows = self.camera.rays()
        right, down, forward = self.mount.rotation[2]
        # How much lower a point gets with each metre of depth, until it has sunk by the camera's height.
        sinking = -(columns * right + rows * down + forward)
        with np.errstate(divide='ignore', invalid='ignore'):
            depth = np.where(sinking > 0, self.mount.position[2] / sinking, np.nan)
        along = np.stack([depth * columns, depth * rows, depth], axis=-1) @ self.mount.rotation[:2].T
        depth[~(np.hypot(along[..., 0], along[..., 1]) <= self.grid.max_range)] = np.nan
        return depth.astype(np.float32)

    def _pixels(self, places: NDArray[np.float64]) -> NDArray[np.int32]:
        """Give the flat index of the pixel that sees each place ``(..., 2)`` on the ground; -1 where none does."""
        height, width = self.camera.hw
        on_ground = np.concatenate([places, np.zeros((*places.shape[:-1], 1))], axis=-1)
        x, y, z = np.moveaxis(self.mount.to_optical(on_ground), -1, 0)
        before = z > 0
        z = np.where(before, z, 1.0)
        column = np.floor(x / z * self.camera.fx + self.camera.cx + 0.5)
        row = np.floor(y / z * self.camera.fy + self.camera.cy + 0.5)
        inside = before & (column >= 0) & (column < width) & (row >= 0) & (row < height)
        return np.where(inside, row * width + column, -1).astype(np.int32)


def rank_labels(is_class: NDArray[np.bool_], is_drivable: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Say for every label ``(256,)`` how it is judged: drivable, unknown where it is no class, or not drivable."""
    ranks = np.full(256, _OCCUPIED_RANK, np.uint8)
    ranks[~is_class] = _UNKNOWN_RANK
    ranks[is_class & is_drivable] = _FREE_RANK
    return ranks
