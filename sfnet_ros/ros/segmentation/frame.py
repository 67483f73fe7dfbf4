"""A frame on its way through the node: as it came, and with what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.segmentation.parameters import NodeParameters

if TYPE_CHECKING:
    from sfnet_ros.runtime import Segmentation


@dataclass(frozen=True)
class Arrival:
    """Hold a camera's message as it came.

    Args:
        message: What the camera sent.
        received_ns: Steady time of its receipt.
        age_ms: How long before that its stamp was, by the node's clock; below 0 for a stamp in the future.
    """

    message: Image | CompressedImage
    received_ns: int
    age_ms: float


@dataclass(frozen=True)
class SegmentedFrame:
    """Hold a frame and all that its outputs are made of.

    Args:
        header: The camera's, which every output carries unchanged.
        rgb: The frame, ``(H, W, 3)``.
        segmentation: What was found, in train ids, at the size of the output; filtered pixels are 255.
        label_space: What the train ids mean.
        parameters: The node's, as they were when the frame was taken.
        camera_info: The newest calibration of the camera, if one has come.
    """

    header: Header
    rgb: NDArray[np.uint8]
    segmentation: Segmentation
    label_space: LabelSpace
    parameters: NodeParameters
    camera_info: CameraInfo | None = None
