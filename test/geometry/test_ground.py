"""The ground plane, in numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sfnet_ros.geometry import GroundGrid, GroundView, Mount, Pinhole
from sfnet_ros.geometry.ground import FREE, OCCUPIED, UNKNOWN, rank_labels

HW = (100, 200)
# One metre up and level: a row r below row 50 sees the ground at 50 / (r - 50) m.
CAMERA = Pinhole(fx=50.0, fy=50.0, cx=100.0, cy=50.0, hw=HW)
LEVEL = Mount.at(height=1.0, pitch=0.0)
GRID = GroundGrid(resolution=0.1, max_range=5.0)

ROAD, CAR, NOTHING = 0, 1, 255
RANKS = rank_labels(np.arange(256) < 2, np.arange(256) == ROAD)


def cell(grid: np.ndarray, x: float, y: float) -> int:
    return int(grid[math.floor((y - GRID.origin) / 0.1), math.floor((x - GRID.origin) / 0.1)])


def occupancy(label_map: np.ndarray, mount: Mount = LEVEL) -> np.ndarray:
    return GroundView(CAMERA, mount, GRID).occupancy(label_map, RANKS)


def test_the_grid_has_the_base_in_its_middle() -> None:
    assert (GRID.side, GRID.origin) == (100, -5.0)
    assert GRID.centres()[:2] == pytest.approx(np.array([[-4.95, -4.95], [-4.85, -4.95]]))


def test_cells_are_what_their_labels_say_as_far_as_the_camera_sees() -> None:
    grid = occupancy(np.full(HW, ROAD, np.uint8))
    assert (grid.dtype, grid.shape) == (np.int8, (100, 100))
    # The lowest row sees the ground at 50 / 49 m; at 1 m ahead the picture is 2 m wide to either side.
    assert {cell(grid, x, y) for x, y in [(1.15, 0), (4.9, 0), (2, 3.8), (2, -3.8)]} == {FREE}
    assert {cell(grid, x, y) for x, y in [(0.5, 0), (-2, 0), (2, 4.5), (2, -4.5), (4.9, 1.5)]} == {UNKNOWN}


def test_beyond_the_range_nothing_is_known() -> None:
    grid = occupancy(np.full(HW, CAR, np.uint8))
    y, x = np.nonzero(grid != UNKNOWN)
    distances = np.hypot(GRID.origin + 0.1 * (x + 0.5), GRID.origin + 0.1 * (y + 0.5))
    assert 4.9 < distances.max() <= 5.0


def test_left_and_right_and_near_and_far_are_where_they_belong() -> None:
    label_map = np.full(HW, ROAD, np.uint8)
    label_map[:, :100] = CAR
    label_map[:70] = NOTHING
    grid = occupancy(label_map)
    # y points left; row 70 is 2.5 m ahead.
    assert (cell(grid, 2.05, 0.55), cell(grid, 2.05, -0.55)) == (OCCUPIED, FREE)
    assert (cell(grid, 3.05, 0.55), cell(grid, 3.05, -0.55)) == (UNKNOWN, UNKNOWN)


def test_a_cell_is_as_bad_as_the_worst_that_is_seen_of_it() -> None:
    label_map = np.full(HW, ROAD, np.uint8)
    # Row 95 sees 50 / 45 = 1.11 m ahead, which is in the cell from 1.1 to 1.2 m but not at its centre.
    label_map[95] = CAR
    grid = occupancy(label_map)
    assert (cell(grid, 1.15, 0.05), cell(grid, 1.35, 0.05)) == (OCCUPIED, FREE)
    label_map[95] = NOTHING
    assert cell(occupancy(label_map), 1.15, 0.05) == UNKNOWN


def test_a_camera_that_looks_up_sees_no_ground() -> None:
    upwards = Mount.at(height=1.0, pitch=-1.2)
    assert (occupancy(np.zeros(HW, np.uint8), upwards) == UNKNOWN).all()
    assert np.isnan(GroundView(CAMERA, upwards, GRID).depth).all()


@pytest.mark.parametrize('height', [0.0, -0.3])
def test_from_below_the_ground_is_not_seen(height: float) -> None:
    with pytest.raises(ValueError, match='in the base frame, which is to lie on the ground below it'):
        GroundView(CAMERA, Mount.at(height=height, pitch=0.0), GRID)


def test_pitch_brings_the_ground_nearer() -> None:
    # The optical axis of a camera 1 m up that looks 45 degrees down meets the ground 1 m ahead.
    grid = occupancy(np.full(HW, ROAD, np.uint8), Mount.at(height=1.0, pitch=math.pi / 4))
    assert cell(grid, 1.0, 0.0) == cell(grid, 0.45, 0.0) == FREE


def test_the_depth_of_the_ground_ends_at_the_horizon_and_at_the_range() -> None:
    depth = GroundView(CAMERA, LEVEL, GRID).depth
    assert depth.dtype == np.float32
    assert np.isnan(depth[:51]).all()
    # Row 60 is 5 m ahead in the middle, and farther than that at the sides.
    assert depth[75, 100] == pytest.approx(2.0)
    assert depth[60, 100] == pytest.approx(5.0)
    assert np.isnan(depth[59, 100])
    assert np.isnan(depth[60, 150])


def test_a_camera_at_the_side_looks_where_its_mount_says() -> None:
    # Looking left, half a metre ahead of the base: its optical axis is y, and its x is the base's x.
    mount = Mount(np.column_stack([(1, 0, 0), (0, 0, -1), (0, 1, 0)]), np.array([0.5, 0.0, 1.0]))
    label_map = np.full(HW, ROAD, np.uint8)
    label_map[:, 100:] = CAR
    grid = occupancy(label_map, mount)
    assert (cell(grid, 0.25, 2.05), cell(grid, 0.95, 2.05), cell(grid, 2.05, 0.05)) == (FREE, OCCUPIED, UNKNOWN)
