"""Whether the frames of the cameras are taken in."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from std_srvs.srv import SetBool

from sfnet_ros.ros.latest_slots import LatestSlots
from sfnet_ros.ros.segmentation.camera import Camera
from sfnet_ros.ros.segmentation.cameras import Cameras
from sfnet_ros.ros.segmentation.frame import Arrival
from sfnet_ros.ros.segmentation.health import state
from sfnet_ros.ros.segmentation.parameters import NodeParameters


class Intake:
    """Take frames in while they are wanted: the node is active, enabled, and somebody listens where it is lazy.

    All of it happens on the executor's thread.

    Args:
        node: Gets the service ``~/enable``.
        cameras: Whose frames.
        parameters: Gives the parameters at this moment.
    """

    def __init__(self, node: Node, cameras: Cameras, parameters: Callable[[], NodeParameters]) -> None:
        self._node = node
        self._cameras = cameras
        self._parameters = parameters
        self._enabled = True
        self._slots: LatestSlots[Camera, Arrival] | None = None
        node.create_service(SetBool, '~/enable', self._enable)

    @property
    def is_active(self) -> bool:
        """Say whether somebody takes the frames out of the slots."""
        return self._slots is not None

    def start(self) -> LatestSlots[Camera, Arrival]:
        """Take frames in from now on, into slots that are closed by `stop`."""
        self._slots = LatestSlots()
        self.update()
        return self._slots

    def stop(self) -> None:
        """Take no frames in; whoever takes from the slots is told."""
        if self._slots is not None:
            for camera in self._slots.close():
                camera.vitals.dropped()
            self._slots = None
            self.update()

    def nudge(self) -> None:
        """Wake whoever takes frames out of the slots."""
        if self._slots is not None:
            self._slots.nudge()

    def update(self) -> None:
        """Subscribe to the cameras that are wanted, and to no other."""
        for camera in self._cameras:
            wanted = self.state_of(camera) == 'open'
            if wanted and not camera.input.is_open and self._slots is not None:
                camera.input.open(self._delivery(camera, self._slots))
            elif not wanted and camera.input.is_open:
                camera.input.close()
                camera.vitals.dropped(self._slots is not None and self._slots.withdraw(camera))

    def state_of(self, camera: Camera) -> state.Intake:
        """Say whether a camera's frames are wanted, or why not."""
        if self._slots is None:
            return 'inactive'
        if not self._enabled:
            return 'disabled'
        return 'unwatched' if self._parameters().lazy and not camera.outputs.has_listeners else 'open'

    @staticmethod
    def _delivery(camera: Camera, slots: LatestSlots[Camera, Arrival]) -> Callable[[Arrival], None]:
        return lambda arrival: camera.vitals.dropped(slots.put(camera, arrival))

    def _enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        self.update()
        response.success = True
        response.message = 'enabled' if self._enabled else 'disabled'
        if self._slots is None:
            response.message += '; the node is not active'
        self._node.get_logger().info(f'{response.message} by a call of ~/enable')
        return response
