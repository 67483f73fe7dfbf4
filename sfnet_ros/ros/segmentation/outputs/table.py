"""The outputs of a camera, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from sfnet_ros.ros.messages import image_wire, jpeg_message, png_message
from sfnet_ros.ros.segmentation.outputs.rendering import Rendering
from sfnet_ros.ros.segmentation.parameters import NodeParameters

DEPTH = 5

# As it goes over the wire, or as an object.
Message: TypeAlias = bytes | CompressedImage | CameraInfo


@dataclass(frozen=True)
class Output:
    """Describe a topic: what it carries, and how that is made of a frame.

    Args:
        name: Below the camera's prefix.
        message_type: Image, CompressedImage or CameraInfo.
        encoding: What the documentation says of its pixels.
        description: What it is, as a sentence.
        message: Makes it; None where there is nothing to publish. Raises ValueError where it cannot.
        always: Is published whoever listens.
        is_label: Has labels in it, which wait until a new subscriber has the classes.
        needs_details: Is made of the segmentation's details.
    """

    name: str
    message_type: type[Any]
    encoding: str
    description: str
    message: Callable[[Rendering], Message | None]
    always: bool = False
    is_label: bool = False
    needs_details: bool = False


# In the order in which they are published.
OUTPUTS = (
    Output(
        'label',
        Image,
        '`mono8`',
        'Class of each pixel, as train id or as `label_ids` says; 255 is unlabelled.',
        lambda of: image_wire(of.header, of.label),
        always=True,
        is_label=True,
    ),
    Output(
        'confidence',
        Image,
        '`mono8`',
        'Probability of that class, 0 to 255; 0 where the label is filtered.',
        lambda of: image_wire(of.header, of.confidence),
    ),
    Output(
        'camera_info',
        CameraInfo,
        '',
        "The camera's newest calibration, for the label's size; once the camera has sent one.",
        lambda of: of.camera_info,
    ),
    Output(
        'nav/label',
        Image,
        '`mono8`',
        'The label, small: `nav_width` x `nav_height`, the nearest pixels.',
        lambda of: image_wire(of.header, of.nav_label),
        is_label=True,
    ),
    Output(
        'nav/confidence',
        Image,
        '`mono8`',
        'The confidence of the same pixels.',
        lambda of: image_wire(of.header, of.nav_confidence),
    ),
    Output(
        'nav/camera_info',
        CameraInfo,
        '',
        'The calibration for the small label.',
        lambda of: of.nav_camera_info,
    ),
    Output(
        'label/compressed',
        CompressedImage,
        'PNG of `mono8`',
        'The label without loss.',
        lambda of: png_message(of.header, of.label),
        is_label=True,
    ),
    Output(
        'color',
        Image,
        '`rgb8`',
        "Colour of each pixel's class in the label space's palette.",
        lambda of: image_wire(of.header, of.color),
    ),
    Output(
        'overlay',
        Image,
        '`rgb8`',
        'The frame with the class colours over it, as strong as `overlay_alpha` says.',
        lambda of: image_wire(of.header, of.overlay),
    ),
    Output(
        'overlay/compressed',
        CompressedImage,
        'JPEG of `rgb8`',
        'The overlay at `jpeg_quality`.',
        lambda of: jpeg_message(of.header, of.overlay, of.frame.parameters.jpeg_quality),
    ),
    Output(
        'probabilities',
        Image,
        '`32FC<N>`',
        'Probability of every class in train-id order, 0 to 1, as it is before any filter.',
        lambda of: None if of.probabilities is None else image_wire(of.header, of.probabilities),
        needs_details=True,
    ),
    Output(
        'flow',
        Image,
        '`rgb8`',
        'Semantic flow of the finest level: the direction as hue, the length as saturation.',
        lambda of: None if of.flow is None else image_wire(of.header, of.flow),
        needs_details=True,
    ),
)


def outputs_of(parameters: NodeParameters) -> tuple[Output, ...]:
    """List the outputs that are advertised."""
    return tuple(output for output in OUTPUTS if parameters.nav_hw is not None or not output.name.startswith('nav/'))
