"""All cameras of the node."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields

from rclpy.node import Node

from sfnet_ros.ros.segmentation.camera import Camera, prefix_of
from sfnet_ros.ros.segmentation.camera_input import image_topic
from sfnet_ros.ros.segmentation.health.state import CameraState, Intake
from sfnet_ros.ros.segmentation.health.vitals import FrameCounts, Vitals
from sfnet_ros.ros.segmentation.loading import LoadedModel
from sfnet_ros.ros.segmentation.outputs import Announcements
from sfnet_ros.ros.segmentation.parameters import NodeParameters


class Cameras:
    """Hold the cameras that the parameters name, from configure to cleanup, and their vitals for good.

    The classes are announced under ``~/``, and beside the labels of each camera that has a name.

    Args:
        node: Node of the topics.
        parameters: Gives the parameters at this moment.
    """

    def __init__(self, node: Node, parameters: Callable[[], NodeParameters]) -> None:
        self._node = node
        self._parameters = parameters
        self._vitals: dict[str, Vitals] = {}
        self._cameras: tuple[Camera, ...] = ()
        self._announcements: tuple[Announcements, ...] = ()
        self._advertised = ExitStack()
        # Announced on the worker's thread and on the executor's: the last one to do so has the newest parameters.
        self._one_at_a_time = threading.Lock()

    def __iter__(self) -> Iterator[Camera]:
        """List the cameras; none while there are none."""
        return iter(self._cameras)

    @property
    def counts(self) -> FrameCounts:
        """Count what became of the frames of all cameras together."""
        counts = [vitals.counts for vitals in self._vitals.values()]
        return FrameCounts(*(sum(getattr(each, item.name) for each in counts) for item in fields(FrameCounts)))

    @property
    def frame_hws(self) -> set[tuple[int, int]]:
        """List the sizes of the newest frames."""
        return {camera.frame_hw for camera in self if camera.frame_hw is not None}

    def advertise(self, listeners_changed: Callable[[], None]) -> None:
        """Advertise the outputs of every camera, and the announcements.

        Args:
            listeners_changed: Called on the executor's thread when a subscriber of an output comes or goes.

        Raises:
            ValueError: An ignore mask cannot be used.
        """
        names = self._names()
        with ExitStack() as advertised:
            announcements, cameras = [], []
            for prefix in dict.fromkeys(map(prefix_of, ('', *names))):
                announcements.append(Announcements(self._node, prefix))
                advertised.callback(announcements[-1].close)
            self._announcements = tuple(announcements)
            for name in names:
                vitals = self._vitals_of(name)
                camera = Camera(self._node, name, vitals, self._parameters, listeners_changed, self._classes_arrived)
                cameras.append(camera)
                advertised.callback(cameras[-1].close)
            self._cameras = tuple(cameras)
            # None is withdrawn, unless one of them failed.
            self._advertised = advertised.pop_all()

    def announce(self, model: LoadedModel) -> None:
        """Announce the classes of a model."""
        with self._one_at_a_time:
            for announcements in self._announcements:
                announcements.announce(model.manifest.name, model.label_space, self._parameters())

    def withdraw(self) -> None:
        """Withdraw all that was advertised."""
        self._announcements = self._cameras = ()
        self._advertised.close()

    def states(self, intake_of: Callable[[Camera], Intake]) -> tuple[CameraState, ...]:
        """Tell how every camera is, also of those that are yet to be advertised."""
        advertised = tuple(
            CameraState(camera.name, camera.input.topic, intake_of(camera), camera.vitals, camera.outputs.held)
            for camera in self
        )
        transport = self._parameters().image_transport
        return advertised or tuple(
            CameraState(name, image_topic(self._node, name, transport), 'inactive', self._vitals_of(name), held=0)
            for name in self._names()
        )

    def _classes_arrived(self) -> bool:
        return all(announcements.have_arrived for announcements in self._announcements)

    def _names(self) -> tuple[str, ...]:
        return self._parameters().camera_names or ('',)

    def _vitals_of(self, name: str) -> Vitals:
        return self._vitals.setdefault(name, Vitals())
