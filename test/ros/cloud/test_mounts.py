"""Where the camera is, by parameters and by tf; the real tf is tried where ROS has it."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time

from sfnet_ros.geometry import Mount
from sfnet_ros.ros.cloud.mounts import MountUnknownError, open_mounts
from sfnet_ros.ros.cloud.parameters import CloudParameters

from ..bench import Bench
from .scene import header


def test_a_height_needs_no_tf(bench: Bench) -> None:
    mounts = open_mounts(bench.peer, CloudParameters(camera_height=1.5, camera_pitch=0.1))
    mount = mounts.at(header(1))
    assert mount is not None
    assert mount.same_as(Mount.at(1.5, 0.1))
    mounts.close()


def test_without_height_and_tf_a_ground_plane_is_refused_and_depth_goes_without_heights(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)
    with pytest.raises(MountUnknownError, match=r'camera_height is 0.0, which asks tf, but tf2_ros is not installed'):
        open_mounts(bench.peer, CloudParameters(mode='ground_plane'))
    mounts = open_mounts(bench.peer, CloudParameters())
    assert mounts.at(header(1)) is None
    mounts.close()


class NotedBuffer:
    """Know one transform, as tf2_ros's Buffer would."""

    def lookup_transform(self, target: str, source: str, time: Time) -> TransformStamped:
        if (target, source, time.nanoseconds) != ('base', 'camera_optical', 7):
            raise LookupError(f'{source} does not exist')
        found = TransformStamped()
        turn = found.transform.rotation
        turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
        found.transform.translation.z = 1.5
        return found


def test_tf_is_asked_for_the_camera_at_the_time_of_the_labels(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    listener = types.SimpleNamespace(unregister=lambda: closed.append(True))
    module: Any = types.ModuleType('tf2_ros')
    module.Buffer, module.TransformListener = NotedBuffer, lambda _buffer, _node: listener
    module.TransformException = LookupError
    monkeypatch.setitem(sys.modules, 'tf2_ros', module)
    mounts = open_mounts(bench.peer, CloudParameters(mode='ground_plane', base_frame='base'))
    mount = mounts.at(header(7))
    assert mount is not None
    assert mount.same_as(Mount.at(1.5, 0.0))
    with pytest.raises(MountUnknownError, match="tf does not know 'camera_optical' in 'base'"):
        mounts.at(header(8))
    with pytest.raises(MountUnknownError, match='before 1970'):
        mounts.at(header(-5))
    mounts.close()
    assert closed == [True]
