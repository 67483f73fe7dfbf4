"""Pixels to points, in numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sfnet_ros.geometry import (
    GeometryError,
    Mount,
    ObstacleLimits,
    Pinhole,
    back_project,
    find_obstacles,
    sample_nearest,
    to_metres,
)

CAMERA = Pinhole(fx=2.0, fy=4.0, cx=1.0, cy=0.0, hw=(2, 3))


def test_whole_numbers_are_millimetres_and_zero_is_no_measurement() -> None:
    depth = np.array([[0, 1, 1500, 65535]], np.uint16)
    np.testing.assert_allclose(to_metres(depth), [[np.nan, 0.001, 1.5, 65.535]], rtol=1e-6)


def test_floats_are_metres_and_what_is_not_above_zero_and_finite_is_no_measurement() -> None:
    depth = np.array([[1.5, 0, -1, np.nan, np.inf, -np.inf]], np.float32)
    np.testing.assert_array_equal(to_metres(depth), np.array([[1.5] + [np.nan] * 5], np.float32))
    assert depth[0, 1] == 0, 'what came is left as it is'


def test_big_endian_depth_is_read_by_its_type() -> None:
    assert to_metres(np.frombuffer(b'\x01\x00', '>u2')).tolist() == [pytest.approx(0.256)]


def test_points_lie_on_the_rays_of_their_pixels() -> None:
    x, y, z = back_project(np.array([[2, 2, 2], [4, np.nan, 4]], np.float32), CAMERA)
    # Column 1 is the optical axis; a column beside it is 1 / fx away at one metre, a row 1 / fy.
    np.testing.assert_array_equal(x, np.array([[-1, 0, 1], [-2, np.nan, 2]], np.float32))
    np.testing.assert_array_equal(y, np.array([[0, 0, 0], [1, np.nan, 1]], np.float32))
    np.testing.assert_array_equal(z, np.array([[2, 2, 2], [4, np.nan, 4]], np.float32))


def test_depth_of_another_size_than_the_camera_is_refused() -> None:
    with pytest.raises(GeometryError, match=r'depth is of \(3, 3\), the camera of \(2, 3\)'):
        back_project(np.ones((3, 3), np.float32), CAMERA)


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'fx': 0.0}, 'fx is 0: focal lengths are above 0 px'),
        ({'fy': -3.0}, 'fy is -3'),
        ({'cx': math.nan}, 'cx is nan'),
        ({'cy': math.inf}, 'cy is inf'),
        ({'hw': (0, 5)}, 'a picture of 0 rows and 5 columns'),
    ],
)
def test_a_camera_that_cannot_be_is_refused(values: dict[str, object], sentence: str) -> None:
    good = {'fx': 1.0, 'fy': 1.0, 'cx': 0.0, 'cy': 0.0, 'hw': (1, 1)}
    with pytest.raises(ValueError, match=sentence):
        Pinhole(**{**good, **values})  # type: ignore[arg-type]


def test_sampling_takes_the_pixel_under_the_centre_of_the_new_one() -> None:
    array = np.arange(6).reshape(1, 6)
    assert sample_nearest(array, (1, 3)).tolist() == [[1, 3, 5]]
    assert sample_nearest(array, (1, 2)).tolist() == [[1, 4]]
    assert sample_nearest(array[:, :2], (2, 4)).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1]]
    assert sample_nearest(array, (1, 6)) is array
    assert sample_nearest(np.zeros((4, 4, 3), np.uint8), (2, 3)).shape == (2, 3, 3)


def test_a_level_camera_looks_forward_and_one_with_pitch_down() -> None:
    points = np.array([[0, 0, 2], [1, 0, 0], [0, 1, 0]])
    level = Mount.at(height=1.5, pitch=0.0)
    np.testing.assert_allclose(level.to_optical(np.array([[2, 0, 1.5], [0, -1, 1.5], [0, 0, 0.5]])), points, atol=1e-12)
    pitched = Mount.at(height=1.0, pitch=math.radians(30))
    np.testing.assert_allclose(pitched.to_optical(np.array([[math.sqrt(3), 0, 0]])), points[:1], atol=1e-12)


def test_a_pose_from_ros_is_the_same_mount() -> None:
    # base_link to an optical frame that looks forward and level: roll -90, yaw -90 degrees.
    mount = Mount.from_quaternion((-0.5, 0.5, -0.5, 0.5), (0.0, 0.0, 1.5))
    assert mount.same_as(Mount.at(height=1.5, pitch=0.0))
    assert not mount.same_as(Mount.at(height=1.5, pitch=0.001))
    assert not mount.same_as(None)
    with pytest.raises(ValueError, match='is no pose'):
        Mount.from_quaternion((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


OBSTACLE = np.arange(256) == 7


def find(limits: ObstacleLimits, mount: Mount | None = None, labels: tuple[int, ...] = (7, 7, 7, 7)) -> list[int]:
    """Look for obstacles among points straight ahead at 1, 2 and 5 m, and one without a measurement."""
    z = np.array([[1, 2, 5, np.nan]], np.float32)
    xyz = (z * 0, z * np.float32(0.1), z)
    return find_obstacles(xyz, np.array([labels], np.uint8), OBSTACLE, limits, mount).tolist()


def test_obstacles_are_of_their_classes_and_have_a_place() -> None:
    assert find(ObstacleLimits()) == [0, 1, 2]
    assert find(ObstacleLimits(), labels=(7, 3, 255, 7)) == [0]
    assert find(ObstacleLimits(), labels=(0, 0, 0, 0)) == []


def test_obstacles_are_within_range() -> None:
    assert find(ObstacleLimits(min_range=1.5, max_range=4)) == [1]


def test_obstacles_are_within_heights_where_the_mount_is_known() -> None:
    limits = ObstacleLimits(min_height=0.2, max_height=0.35)
    # 0.4 m up; a point at distance z is 0.1 z lower.
    assert find(limits, Mount.at(height=0.4, pitch=0.0)) == [0, 1]
    assert find(limits) == [0, 1, 2]
