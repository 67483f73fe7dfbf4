"""Labels, confidences and depths as arrays, out of Image messages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from sfnet_ros.runtime.image import ImageFormatError

# More is a damaged header.
_MAX_PIXELS = 2**25

_BYTES: dict[str, np.dtype[Any]] = {'mono8': np.dtype(np.uint8), '8UC1': np.dtype(np.uint8)}
_DEPTHS: dict[str, np.dtype[Any]] = {
    '16UC1': np.dtype(np.uint16),
    'mono16': np.dtype(np.uint16),
    '32FC1': np.dtype(np.float32),
}


def bytes_of(message: Image) -> NDArray[np.uint8]:
    """View the labels or confidences ``(H, W)`` in a message.

    Raises:
        ImageFormatError: It holds none.
    """
    return _plane(message, _BYTES)


def depth_of(message: Image) -> NDArray[Any]:
    """View the depths ``(H, W)`` in a message, in its byte order: whole millimetres, or metres as floats.

    Raises:
        ImageFormatError: It holds none.
    """
    return _plane(message, _DEPTHS)


def _plane(message: Image, types: dict[str, np.dtype[Any]]) -> NDArray[Any]:
    if message.encoding not in types:
        raise ImageFormatError(f'encoding {message.encoding!r} is not one of {", ".join(types)}')
    dtype = types[message.encoding].newbyteorder('>' if message.is_bigendian else '<')
    height, width, step, size = message.height, message.width, message.step, len(message.data)
    if not 0 < height * width <= _MAX_PIXELS:
        raise ImageFormatError(
            f'a picture of {height} rows and {width} columns; 1 to {_MAX_PIXELS} pixels are accepted'
        )
    if step < width * dtype.itemsize or size != height * step:
        raise ImageFormatError(
            f'{size} bytes and step {step} do not make {height} rows of {width} pixels of {dtype.itemsize} bytes'
        )
    return np.ndarray((height, width), dtype, buffer=message.data, strides=(step, dtype.itemsize))
