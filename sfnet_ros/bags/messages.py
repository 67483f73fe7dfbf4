"""Build and take apart the messages of an image recording, without ROS."""

from __future__ import annotations

import re
import struct
from typing import Any, Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_typestore

from sfnet_ros.runtime.image import ImageFormatError, check_compressed

COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGE = 'sensor_msgs/msg/Image'

# Humble's are the oldest definitions that we serve; those of these types have not changed since.
TYPES = get_typestore(Stores.ROS2_HUMBLE)

# What topics begin with: whole names, each after a slash.
NAMESPACE = re.compile(r'(/[A-Za-z_][A-Za-z0-9_]*)+')

_NS_PER_S = 1_000_000_000

# A damaged name may be a megabyte of anything, and is repeated in a sentence.
_LONGEST_NAME = 40


class Stamped(Protocol):
    """A message with a std_msgs/Header, of rclpy or of rosbags."""

    header: Any


class MessageError(ValueError):
    """Bytes that are no message of their type."""


class LabelFormatError(ValueError):
    """A message that holds no label map."""


def stamp_ns(message: Stamped) -> int:
    """Give the header's stamp in nanoseconds."""
    return int(message.header.stamp.sec) * _NS_PER_S + int(message.header.stamp.nanosec)


def take_apart(data: bytes, kind: str) -> Stamped:
    """Give the fields of a message as it went over the wire (CDR).

    Raises:
        MessageError: It is none of that type.
    """
    try:
        return cast(Stamped, TYPES.deserialize_cdr(data, kind))
    except (SerdeError, ArithmeticError, LookupError, TypeError, ValueError, struct.error) as error:
        raise MessageError(str(error)) from error


def jpeg_message(rgb: NDArray[np.uint8], quality: int, at_ns: int, frame_id: str) -> Stamped:
    """Pack a frame as sensor_msgs/CompressedImage.

    Args:
        rgb: Frame, ``(H, W, 3)``.
        quality: JPEG quality, 1 to 100.
        at_ns: Stamp in nanoseconds.
        frame_id: Coordinate frame of the camera.
    """
    # Optimised Huffman tables save 3 % and decode to the same pixels.
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    data = _encode('.jpg', np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8), options)
    return _compressed('rgb8; jpeg compressed bgr8', data, at_ns, frame_id)


def png_message(rgb: NDArray[np.uint8], at_ns: int, frame_id: str) -> Stamped:
    """Pack a frame, ``(H, W, 3)``, as sensor_msgs/CompressedImage, losing nothing."""
    data = _encode('.png', np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8), [])
    return _compressed('rgb8; png compressed bgr8', data, at_ns, frame_id)


def label_message(label_map: NDArray[np.uint8], at_ns: int, frame_id: str) -> Stamped:
    """Pack a label map, ``(H, W)`` train ids with 255 for unlabelled, as a PNG in sensor_msgs/CompressedImage."""
    data = _encode('.png', label_map, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return _compressed('mono8; png compressed mono8', data, at_ns, frame_id)


def image_message(pixels: NDArray[np.uint8], at_ns: int, frame_id: str) -> Stamped:
    """Pack pixels, ``(H, W)`` as mono8 or ``(H, W, 3)`` as rgb8, as sensor_msgs/Image without padding."""
    height, width = pixels.shape[:2]
    encoding = 'mono8' if pixels.ndim == 2 else 'rgb8'
    data = np.ascontiguousarray(pixels).reshape(-1)
    return cast(
        Stamped,
        TYPES.types[IMAGE](header(at_ns, frame_id), height, width, encoding, 0, data.size // height, data),
    )


def to_label_map(message: Any) -> NDArray[np.uint8]:
    """Take the label map, ``(H, W)`` train ids, out of a CompressedImage (PNG) or a mono8 Image.

    Raises:
        LabelFormatError: Neither of them.
    """
    if hasattr(message, 'format'):
        return _decode_label_map(np.frombuffer(message.data, np.uint8), message.format[:_LONGEST_NAME])
    if message.encoding not in ('mono8', '8UC1'):
        raise LabelFormatError(f'a label map is encoded as mono8, not {message.encoding[:_LONGEST_NAME]!r}')
    height, width, step = int(message.height), int(message.width), int(message.step)
    data = np.frombuffer(message.data, np.uint8)
    if step < width or len(data) != step * height:
        raise LabelFormatError(f'a label map of {height}x{width} with step {step} cannot have {len(data)} bytes')
    return data.reshape(height, step)[:, :width]


def _decode_label_map(data: NDArray[np.uint8], format_name: str) -> NDArray[np.uint8]:
    try:
        check_compressed(data, format_name)
        decoded = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except (ImageFormatError, cv2.error) as error:
        raise LabelFormatError(f'a compressed label map is an 8-bit grey PNG, not this: {error}') from error
    if decoded is None or decoded.ndim != 2 or decoded.dtype != np.uint8:
        raise LabelFormatError(f'a compressed label map is an 8-bit grey PNG, not {format_name!r}')
    return np.asarray(decoded, np.uint8)


def _encode(suffix: str, pixels: NDArray[np.uint8], options: list[int]) -> NDArray[np.uint8]:
    done, data = cv2.imencode(suffix, pixels, options)
    assert done, suffix
    return np.asarray(data, np.uint8)


def _compressed(image_format: str, data: NDArray[np.uint8], at_ns: int, frame_id: str) -> Stamped:
    return cast(Stamped, TYPES.types[COMPRESSED_IMAGE](header(at_ns, frame_id), image_format, data))


def header(at_ns: int, frame_id: str) -> Any:
    """Build a std_msgs/Header."""
    stamp = TYPES.types['builtin_interfaces/msg/Time'](*divmod(at_ns, _NS_PER_S))
    return TYPES.types['std_msgs/msg/Header'](stamp, frame_id)
