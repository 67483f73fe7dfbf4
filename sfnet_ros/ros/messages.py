"""Build ROS messages from arrays."""

from __future__ import annotations

import array
import sys
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

_ENCODINGS = {1: 'mono8', 3: 'rgb8'}


def image_message(header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> Image:
    """Build an Image without padding at the end of its rows.

    Args:
        header: Becomes the message's header as it is: consumers match frames and labels by the exact stamp.
        pixels: uint8 ``(H, W)`` for mono8 or ``(H, W, 3)`` for rgb8, or float32 ``(H, W, N)`` for 32FC<N>.
    """
    message = _without_data(header, pixels)
    message.data = _bytes_of(pixels)
    return message


def image_wire(header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> bytes:
    """Build an Image as it goes over the wire, which spares a large one three copies of its pixels.

    Args:
        header: As for `image_message`, also the pixels.
    """
    if not _data_comes_last():
        return serialize_message(image_message(header, pixels))
    return _wire_of(header, pixels)


def _without_data(header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> Image:
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    of_floats = pixels.dtype == np.float32
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=f'32FC{channels}' if of_floats else _ENCODINGS[channels],
        is_bigendian=int(of_floats and sys.byteorder == 'big'),
        step=width * channels * pixels.itemsize,
    )


def _wire_of(header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> bytes:
    wire = serialize_message(_without_data(header, pixels))
    # Of no data the length alone is there: 32 bits, and all zero.
    data = np.ascontiguousarray(pixels).data
    return b''.join((wire[:-4], data.nbytes.to_bytes(4, sys.byteorder), data))


@cache
def _data_comes_last() -> bool:
    """Say whether the middleware serializes as CDR has it, in which the bytes of an Image's data are its last."""
    header, pixels = Header(frame_id='camera'), np.arange(15, dtype=np.uint8).reshape(1, 5, 3)
    return bool(deserialize_message(_wire_of(header, pixels), Image) == image_message(header, pixels))


def jpeg_message(header: Header, rgb: NDArray[np.uint8], quality: int) -> CompressedImage:
    """Build a CompressedImage that holds ``(H, W, 3)`` pixels as a JPEG.

    Raises:
        ValueError: It is too large for a JPEG.
    """
    # OpenCV encodes what it takes for BGR, and image_transport reads here that the JPEG is an ordinary one.
    bgr = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8)
    return _compressed(header, 'rgb8; jpeg compressed bgr8', '.jpg', bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))


def png_message(header: Header, pixels: NDArray[np.uint8]) -> CompressedImage:
    """Build a CompressedImage that holds mono8 pixels ``(H, W)`` as a PNG, without loss.

    Raises:
        ValueError: It is too large for a PNG.
    """
    return _compressed(header, 'mono8; png compressed ', '.png', pixels)


def _compressed(
    header: Header, format_name: str, suffix: str, pixels: NDArray[np.uint8], options: Sequence[int] = ()
) -> CompressedImage:
    try:
        encoded, data = cv2.imencode(suffix, pixels, options)
    except cv2.error:
        encoded = False
    if not encoded:
        height, width = pixels.shape[:2]
        raise ValueError(f'a picture of {height} rows and {width} columns cannot be encoded as {suffix[1:]}')
    message = CompressedImage(header=header, format=format_name)
    message.data = _bytes_of(np.asarray(data))
    return message


def _bytes_of(values: NDArray[np.generic]) -> array.array[int]:
    # Only an array.array, assigned after construction, is taken as it is: all else is copied or checked byte by byte.
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(values).view(np.uint8).data)
    return data
