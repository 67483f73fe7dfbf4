from __future__ import annotations

import math

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from sfnet_ros.ros.camera_info import rescale

K = [500.0, 2.0, 320.0, 0.0, 600.0, 240.0, 0.0, 0.0, 1.0]
P = [500.0, 0.0, 320.0, -50.0, 0.0, 600.0, 240.0, 8.0, 0.0, 0.0, 1.0, 0.0]


def calibration(hw: tuple[int, int] = (480, 640), **fields: object) -> CameraInfo:
    values = {'k': K, 'p': P, 'd': [0.1, 0.2], **fields}
    return CameraInfo(height=hw[0], width=hw[1], distortion_model='plumb_bob', **values)


def test_half_the_width_and_a_third_of_the_height() -> None:
    roi = RegionOfInterest(x_offset=20, y_offset=30, width=100, height=60, do_rectify=True)
    scaled = rescale(calibration(roi=roi, binning_x=2), (480, 640), (160, 320))
    assert (scaled.height, scaled.width, scaled.binning_x) == (160, 320, 2)
    np.testing.assert_allclose(scaled.k, [250, 1, 160, 0, 200, 80, 0, 0, 1])
    np.testing.assert_allclose(scaled.p, [250, 0, 160, -25, 0, 200, 80, 8 / 3, 0, 0, 1, 0])
    assert scaled.roi == RegionOfInterest(x_offset=10, y_offset=10, width=50, height=20, do_rectify=True)
    assert (scaled.distortion_model, list(scaled.d)) == ('plumb_bob', [0.1, 0.2])


def test_a_point_is_seen_at_the_same_place_of_the_picture() -> None:
    scaled = rescale(calibration(), (480, 640), (240, 424))
    point = np.array([0.3, -0.2, 2.0])
    before, after = (np.reshape(info.k, (3, 3)) @ point / point[2] for info in (calibration(), scaled))
    np.testing.assert_allclose(after[:2], before[:2] * [424 / 640, 240 / 480])


def test_the_same_size_changes_nothing() -> None:
    info = calibration(roi=RegionOfInterest(x_offset=1, width=5))
    info.header.frame_id = 'camera'
    assert rescale(info, (480, 640), (480, 640)) == info


@pytest.mark.parametrize(
    'fields', [{'binning_x': 2, 'binning_y': 2}, {}], ids=['of a camera that bins', 'of a stream that was scaled']
)
def test_a_calibration_of_the_full_size_is_scaled_from_there(fields: dict[str, int]) -> None:
    scaled = rescale(calibration((960, 1280), **fields), (480, 640), (240, 320))
    assert (scaled.height, scaled.width, scaled.binning_x, scaled.binning_y) == (240, 320, 0, 0)
    np.testing.assert_allclose(np.take(scaled.k, [0, 2, 4, 5]), [125, 80, 150, 60])


def test_a_region_of_interest_is_what_the_picture_shows() -> None:
    roi = RegionOfInterest(x_offset=100, y_offset=40, width=400, height=200)
    scaled = rescale(calibration(roi=roi, binning_x=2, binning_y=2), (100, 200), (50, 100))
    assert (scaled.height, scaled.width, scaled.roi, scaled.binning_x) == (50, 100, RegionOfInterest(), 0)
    np.testing.assert_allclose(np.take(scaled.k, [0, 2, 4, 5]), [125, (320 - 100) / 4, 150, (240 - 40) / 4])
    np.testing.assert_allclose(np.take(scaled.p, [2, 3, 6]), [55, -12.5, 50])


def test_an_uncalibrated_camera_stays_uncalibrated() -> None:
    scaled = rescale(calibration(k=[0.0] * 9, p=[0.0] * 12), (480, 640), (240, 320))
    assert not any([*scaled.k, *scaled.p])


def test_regions_beyond_the_picture_stay_numbers_that_a_message_holds() -> None:
    roi = RegionOfInterest(x_offset=2**32 - 1, y_offset=2**32 - 1, width=2**32 - 1, height=2**32 - 1)
    scaled = rescale(calibration(roi=roi), (480, 640), (960, 1280))
    assert deserialize_message(serialize_message(scaled), CameraInfo).roi.width == 1280


@pytest.mark.parametrize(
    ('info', 'sentence'),
    [
        (calibration((0, 640)), 'is for pictures of 0 rows and 640 columns, and the frame has 480 and 640'),
        (calibration(k=np.full(9, math.nan)), 'holds numbers that are not finite'),
        (calibration(k=np.full(9, 1e308)), 'holds numbers that are not finite'),
        (calibration(p=np.full(12, math.inf)), 'holds numbers that are not finite'),
    ],
)
def test_a_calibration_that_is_none_is_refused(info: CameraInfo, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rescale(info, (480, 640), (960, 1280))
