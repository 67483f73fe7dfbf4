"""Frames of a camera that sends a part of what it calibrates."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from sfnet_ros.geometry import Mount
from sfnet_ros.ros.cloud.inputs import CloudFrame, make_fixed_legend
from sfnet_ros.ros.cloud.painter import Painted, Painter, Wanted
from sfnet_ros.ros.cloud.parameters import CloudParameters

from .scene import ROAD, camera_info, image

PARAMETERS = CloudParameters(mode='ground_plane', label_space='camvid', grid_range=3.0)


class Fixed:
    def at(self, _header: Header) -> Mount:
        return Mount.at(1.0, 0.6)

    def close(self) -> None:
        pass


def paint(info: CameraInfo, hw: tuple[int, int]) -> Painted:
    legend = make_fixed_legend(PARAMETERS)
    assert legend is not None
    labels = np.full(hw, ROAD, np.uint8)
    frame = CloudFrame(image(labels, 1), image(labels, 1), None, None, info, legend)
    return Painter(Fixed(), print).paint(frame, PARAMETERS, Wanted())


def test_a_region_of_interest_sees_its_part_of_the_ground() -> None:
    whole = camera_info((48, 64), 40.0)
    cut = camera_info((48, 64), 40.0)
    cut.roi = RegionOfInterest(x_offset=32, y_offset=24, width=32, height=24)
    alone = camera_info((24, 32), 40.0)
    for matrix, cx, cy in ((alone.k, 2, 5), (alone.p, 2, 6)):
        matrix[cx], matrix[cy] = 31.5 - 32, 23.5 - 24
    painted, expected = paint(cut, (24, 32)), paint(alone, (24, 32))
    assert painted.points == expected.points
    assert painted.drivable == expected.drivable
    assert painted.drivable != paint(whole, (48, 64)).drivable
