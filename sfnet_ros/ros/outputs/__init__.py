"""The topics on which the node publishes what it made of a frame."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import colorize, overlay
from sfnet_ros.ros.messages import image_message
from sfnet_ros.ros.outputs.announcements import Announcements
from sfnet_ros.ros.outputs.camera_outputs import CameraOutputs
from sfnet_ros.ros.outputs.class_ids import check_label_ids

if TYPE_CHECKING:
    from sfnet_ros.runtime import Segmentation

__all__ = ['Announcements', 'CameraOutputs', 'check_label_ids']

DEPTH = 5


@dataclass(frozen=True)
class SegmentedFrame:
    """Hold a frame and all that its pictures are made of."""

    rgb: NDArray[np.uint8]
    segmentation: Segmentation
    label_space: LabelSpace
    overlay_alpha: float


@dataclass(frozen=True)
class Output:
    """Describe a topic: its private name, what it carries, and how that is made."""

    name: str
    encoding: str
    description: str
    picture: Callable[[SegmentedFrame], NDArray[np.uint8]]


OUTPUTS = (
    Output('label', 'mono8', 'Train id of each pixel; 255 is unlabelled.', lambda frame: frame.segmentation.label_map),
    Output(
        'confidence',
        'mono8',
        'Probability of that class, 0 to 255.',
        lambda frame: frame.segmentation.confidence,
    ),
    Output(
        'color',
        'rgb8',
        "Colour of each pixel's class in the label space's palette.",
        lambda frame: colorize(frame.segmentation.label_map, frame.label_space),
    ),
    Output(
        'overlay',
        'rgb8',
        'The frame with the class colours over it, as strong as `overlay_alpha` says.',
        lambda frame: overlay(frame.rgb, frame.segmentation.label_map, frame.label_space, frame.overlay_alpha),
    ),
)


class Outputs:
    """Publish what was made of each frame: the label map at once, the rest where somebody listens."""

    def __init__(self, node: Node) -> None:
        self._publishers: list[Publisher[Image]] = []
        with ExitStack() as advertised:
            for output in OUTPUTS:
                publisher = node.create_publisher(
                    Image,
                    f'~/{output.name}',
                    QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.RELIABLE),
                    qos_overriding_options=QoSOverridingOptions.with_default_policies(),
                )
                advertised.callback(node.destroy_publisher, publisher)
                self._publishers.append(publisher)
            # None is withdrawn, unless one of them failed.
            self._withdraw = advertised.pop_all()

    @property
    def label_topic(self) -> str:
        """Name the topic of the label map, as it is after remapping."""
        return self._publishers[0].topic_name

    def publish(self, header: Header, frame: SegmentedFrame) -> None:
        """Publish a frame's outputs under the frame's own header."""
        for output, publisher in zip(OUTPUTS, self._publishers, strict=True):
            if output is OUTPUTS[0] or publisher.get_subscription_count() > 0:
                publisher.publish(image_message(header, output.picture(frame)))

    def close(self) -> None:
        """Withdraw the topics."""
        self._withdraw.close()
