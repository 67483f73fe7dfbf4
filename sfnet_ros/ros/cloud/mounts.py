"""Where the camera is on the robot: as the parameters say, or tf."""

from __future__ import annotations

from typing import Any, Protocol

from rclpy.node import Node
from rclpy.time import Time
from std_msgs.msg import Header

from sfnet_ros.geometry import Mount
from sfnet_ros.ros.cloud.parameters import CloudParameters


class MountUnknownError(ValueError):
    """Say why nobody knows where the camera was."""


class Mounts(Protocol):
    """Know where the camera was at the time of a frame."""

    def at(self, header: Header) -> Mount | None:
        """Give the place in the base frame, or None where nobody ever knows; raises `MountUnknownError`."""

    def close(self) -> None:
        """Listen no more."""


def open_mounts(node: Node, parameters: CloudParameters) -> Mounts:
    """Open what knows the camera's place.

    Raises:
        MountUnknownError: The ground-plane mode would never know it.
    """
    if parameters.camera_height > 0:
        return _Fixed(Mount.at(parameters.camera_height, parameters.camera_pitch))
    try:
        return _FromTf(node, parameters.base_frame)
    except ImportError as error:
        if parameters.needs_depth:
            node.get_logger().info(
                'heights of obstacles are not limited: camera_height is 0.0, and tf2_ros is not installed to ask tf'
            )
            return _Unknown()
        raise MountUnknownError(
            'parameter camera_height is 0.0, which asks tf, but tf2_ros is not installed for this Python: set '
            'camera_height and camera_pitch'
        ) from error


class _Fixed:
    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    def at(self, _header: Header) -> Mount:
        return self._mount

    def close(self) -> None:
        pass


class _Unknown:
    def at(self, _header: Header) -> None:
        return None

    def close(self) -> None:
        pass


class _FromTf:
    def __init__(self, node: Node, base_frame: str) -> None:
        import tf2_ros

        self._errors = tf2_ros.TransformException
        self._base_frame = base_frame
        self._buffer: Any = tf2_ros.Buffer()
        self._listener: Any = tf2_ros.TransformListener(self._buffer, node)

    def at(self, header: Header) -> Mount:
        if header.stamp.sec < 0:
            raise MountUnknownError('the stamp of the labels lies before 1970')
        try:
            found = self._buffer.lookup_transform(self._base_frame, header.frame_id, Time.from_msg(header.stamp))
        except self._errors as error:
            raise MountUnknownError(f'tf does not know {header.frame_id!r} in {self._base_frame!r}: {error}') from error
        turn, place = found.transform.rotation, found.transform.translation
        return Mount.from_quaternion((turn.x, turn.y, turn.z, turn.w), (place.x, place.y, place.z))

    def close(self) -> None:
        self._listener.unregister()
