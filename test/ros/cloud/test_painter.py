"""What is made of frames without a node around."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from sfnet_ros.geometry import Mount
from sfnet_ros.ros.cloud.inputs import CloudFrame, make_fixed_legend
from sfnet_ros.ros.cloud.mounts import MountUnknownError
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


class Nowhere(Fixed):
    def at(self, _header: Header) -> Mount:
        raise MountUnknownError('nobody knows')


def test_two_faults_of_a_frame_are_two_things_to_warn_of() -> None:
    parameters = CloudParameters(label_space='camvid')
    legend = make_fixed_legend(parameters)
    assert legend is not None
    hw = (4, 6)
    label, depth = image(np.full(hw, ROAD, np.uint8), 1), image(np.ones(hw, np.uint16), 1)
    depth.header.frame_id = 'depth_optical'
    told: dict[str, str] = {}
    frame = CloudFrame(label, label, depth, None, camera_info(hw, 5.0), legend)
    Painter(Nowhere(), told.__setitem__).paint(frame, parameters, Wanted())
    assert sorted(told) == ['frames', 'heights']
    assert 'depth_optical' in told['frames']
    assert 'nobody knows' in told['heights']
