"""Clouds against ROS's own packages, where a whole ROS is sourced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import OccupancyGrid

from sfnet_ros.geometry import Mount
from sfnet_ros.ros.cloud.messages import POINT, cloud_message, make_points

from ..bench import DEADLINE_S, Bench, wait_until
from .scene import HW, ROAD, Robot, camera_info, header

pytestmark = pytest.mark.ros_full


def test_sensor_msgs_py_reads_our_points() -> None:
    point_cloud2 = pytest.importorskip('sensor_msgs_py.point_cloud2')
    x, y, z = np.arange(3 * 48, dtype=np.float32).reshape(3, *HW)
    x[0, 0] = np.nan
    labels = np.arange(48, dtype=np.uint8).reshape(HW)
    points = make_points((x, y, z), labels.astype(np.uint32), labels, labels)
    cloud = cloud_message(header(1), points, is_dense=False)
    read = point_cloud2.read_points(cloud)
    for name in POINT.names or ():
        np.testing.assert_array_equal(read[name].view(points[name].dtype), points[name].reshape(-1), name)
    assert len(point_cloud2.read_points(cloud, field_names=('x', 'y', 'z'), skip_nans=True)) == 47


def test_tf_tells_where_the_camera_is(bench: Bench) -> None:
    tf2_ros: Any = pytest.importorskip('tf2_ros')
    # Level and looking forward: the optical frame's x is the base's -y, its z the base's x.
    transform = TransformStamped(header=header(0, 'base_link'), child_frame_id='camera_optical')
    turn, place = transform.transform.rotation, transform.transform.translation
    turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
    place.z = 1.0
    robot = Robot(bench, mode='ground_plane', camera_height=0.0, label_space='camvid')
    tf2_ros.StaticTransformBroadcaster(bench.peer).sendTransform(transform)
    grids = bench.listen('/semantic_cloud/drivable', OccupancyGrid)
    robot.calibrate(camera_info((60, 80), 40.0))
    mounts = robot.node._mounts
    assert mounts is not None

    def known() -> bool:
        try:
            return Mount.at(1.0, 0.0).same_as(mounts.at(header(1)))
        except ValueError:
            return False

    wait_until(known, 'tf has come')
    robot.see(np.full((60, 80), ROAD, np.uint8))
    assert 0 in grids.get(timeout=DEADLINE_S).data
