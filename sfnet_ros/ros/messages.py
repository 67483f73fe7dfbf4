"""Build ROS messages from arrays."""

from __future__ import annotations

import array

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

_ENCODINGS = {1: 'mono8', 3: 'rgb8'}


def image_message(header: Header, pixels: NDArray[np.uint8]) -> Image:
    """Build an Image without padding at the end of its rows.

    Args:
        header: Becomes the message's header as it is: consumers match frames and labels by the exact stamp.
        pixels: ``(H, W)`` for mono8 or ``(H, W, 3)`` for rgb8.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    message = Image(header=header, height=height, width=width, encoding=_ENCODINGS[channels], step=width * channels)
    # Only an array.array, assigned after construction, is taken as it is: all else is copied or checked byte by byte.
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(pixels).data)
    message.data = data
    return message
