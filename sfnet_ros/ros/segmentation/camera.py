"""One camera: what comes in from it, and what goes out for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from sfnet_ros.ros.segmentation.camera_input import CameraInput
from sfnet_ros.ros.segmentation.filtering import load_ignore_mask
from sfnet_ros.ros.segmentation.health.vitals import Vitals
from sfnet_ros.ros.segmentation.outputs import CameraOutputs
from sfnet_ros.ros.segmentation.parameters import NodeParameters


class Camera:
    """Hold the topics of one camera, from configure to cleanup.

    Args:
        node: Node of the topics.
        name: Name of the camera; '' is the only one.
        vitals: Of its frames; they outlive the camera.
        parameters: Gives the parameters at this moment.
        listeners_changed: Called on the executor's thread when a subscriber of an output comes or goes.
        classes_arrived: Says whether all who listen to the classes have them.

    Raises:
        ValueError: Its ignore mask cannot be used.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        vitals: Vitals,
        parameters: Callable[[], NodeParameters],
        listeners_changed: Callable[[], None],
        classes_arrived: Callable[[], bool],
    ) -> None:
        self.name = name
        self.vitals = vitals
        # Of its last frame: a model is made warm for it before it is put to work.
        self.frame_hw: tuple[int, int] | None = None
        mask = parameters().ignore_mask
        self.ignore_mask: NDArray[np.uint8] | None = load_ignore_mask(mask, name) if mask else None
        self.input = CameraInput(node, name, vitals, parameters)
        # Last, as it is what has to be withdrawn.
        self.outputs = CameraOutputs(node, prefix_of(name), parameters(), listeners_changed, classes_arrived)

    def close(self) -> None:
        """Withdraw the topics."""
        self.input.close()
        self.outputs.close()


def prefix_of(name: str) -> str:
    """Give what the private topics of a camera begin with."""
    return f'~/{name}' if name else '~'
