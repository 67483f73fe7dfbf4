"""The one decoder of camera messages: what has the fields of Image or CompressedImage becomes RGB pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.runtime.encodings import ENCODINGS

# 8K UHD fits. What claims more is a damaged header, and would cost gigabytes to find out.
_MAX_PIXELS = 2**25

# A damaged name may be a megabyte of anything, and is repeated in a sentence.
_LONGEST_NAME = 40

_JPEG_MAGIC = b'\xff\xd8\xff'
_PNG_MAGIC = b'\x89PNG\r\n\x1a\n'


class ImageFormatError(ValueError):
    """Say in one sentence why a message holds no picture."""


def to_rgb(msg: Any) -> NDArray[np.uint8]:
    """Give the RGB pixels ``(H, W, 3)`` of a camera message.

    Args:
        msg: Any object with the fields of sensor_msgs/Image, or of sensor_msgs/CompressedImage (known by ``format``).

    Returns:
        For rgb8 a view of the message's data, padded rows and read-only buffers included; a new array otherwise.

    Raises:
        ImageFormatError: The encoding is not known, or data, size and step do not make a picture.
    """
    data = _as_bytes(msg.data)
    if hasattr(msg, 'format'):
        return _decode(data, str(msg.format)[:_LONGEST_NAME])
    encoding = ENCODINGS.get(msg.encoding)
    if encoding is None:
        raise ImageFormatError(f'encoding {msg.encoding[:_LONGEST_NAME]!r} is not one of {", ".join(ENCODINGS)}')
    _check_shape(msg.encoding, msg.height, msg.width)
    rows = _rows(data, msg.height * encoding.rows_by_2 // 2, msg.step, msg.width * encoding.pixel_bytes)
    return encoding.decode(rows, msg.width, bool(msg.is_bigendian))


def _as_bytes(data: Any) -> NDArray[np.uint8]:
    """View the data of a message as bytes; only lists are copied."""
    if isinstance(data, np.ndarray) and data.dtype != np.uint8:
        raise ImageFormatError(f'data is an array of {data.dtype}; uint8 is accepted')
    try:
        return np.frombuffer(bytes(data) if isinstance(data, (list, tuple)) else data, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        raise ImageFormatError(f'data of type {type(data).__name__} does not hold bytes ({error})') from error


def _check_shape(name: str, height: int, width: int) -> None:
    _check_size(height, width)
    encoding = ENCODINGS[name]
    if height % encoding.multiple_hw[0] or width % encoding.multiple_hw[1]:
        raise ImageFormatError(f'a picture of {height} rows and {width} columns is odd; {name} has its pixels in pairs')
    if min(height, width) < encoding.least_side:
        raise ImageFormatError(
            f'a picture of {height} rows and {width} columns is too small; {name} takes {encoding.least_side} of each'
        )


def _rows(data: NDArray[np.uint8], height: int, step: int, row_bytes: int) -> NDArray[np.uint8]:
    """Split data into rows ``(height, step)``, padding included."""
    if step < row_bytes:
        raise ImageFormatError(f'step is {step}, but a row takes {row_bytes} bytes')
    if data.size != step * height:
        word = 'short' if data.size < step * height else 'oversize'
        raise ImageFormatError(f'{word} data: {data.size} bytes, where {height} rows of {step} make {step * height}')
    return data.reshape(height, step)


def _check_size(height: int, width: int) -> None:
    if height <= 0 or width <= 0:
        raise ImageFormatError(f'a picture of {height} rows and {width} columns holds nothing')
    if height * width > _MAX_PIXELS:
        raise ImageFormatError(
            f'a picture of {height} rows and {width} columns is more than the {_MAX_PIXELS} pixels accepted'
        )


def check_compressed(data: NDArray[np.uint8], format_name: str) -> None:
    """Look at the size and the end of a JPEG or PNG, told by their first bytes, as ``format`` is free text.

    Raises:
        ImageFormatError: It is neither, or not whole, or larger than any camera's.
    """
    for magic, check in _COMPRESSED.items():
        if data[: len(magic)].tobytes() == magic:
            check(data.tobytes())
            return
    raise ImageFormatError(f'compressed data (format {format_name!r}) is neither JPEG nor PNG')


def _decode(data: NDArray[np.uint8], format_name: str) -> NDArray[np.uint8]:
    """Decode JPEG or PNG."""
    check_compressed(data, format_name)
    # The label map lies on the pixels as the sensor wrote them, where the camera's calibration holds: never rotated.
    try:
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise ImageFormatError(f'compressed data (format {format_name!r}, {data.size} bytes) is damaged')
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr), np.uint8)


def _check_png(data: bytes) -> None:
    """Walk a PNG's chunks for its size and its end: OpenCV takes memory for what a chunk claims, up to 4 GB.

    Source: the PNG specification (ISO/IEC 15948), section 5.
    """
    if data[12:16] != b'IHDR':
        raise ImageFormatError('PNG data does not begin with its header')
    _check_size(int.from_bytes(data[20:24], 'big'), int.from_bytes(data[16:20], 'big'))
    position = len(_PNG_MAGIC)
    while position + 12 <= len(data):
        if data[position + 4 : position + 8] == b'IEND':
            return
        position += 12 + int.from_bytes(data[position : position + 4], 'big')
    raise ImageFormatError(f'PNG data is cut off after {len(data)} bytes')


def _check_jpeg(data: bytes) -> None:
    """Walk a JPEG's segments for its size and its end.

    Not every OpenCV refuses a file that is cut off: some fill the rest with grey and call it a picture.

    Source: ITU-T T.81, annex B.
    """
    position = 2
    while position + 9 <= len(data):
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], 'big')
        if data[position] != 0xFF:
            raise ImageFormatError('JPEG data is damaged: a segment does not begin with a marker')
        if marker == 0xFF:
            # Padding before a marker.
            position += 1
            continue
        if _is_frame_header(marker):
            _check_size(
                int.from_bytes(data[position + 5 : position + 7], 'big'),
                int.from_bytes(data[position + 7 : position + 9], 'big'),
            )
        position += 2 + length
        if marker == 0xDA:
            # From the start of the scan on, FF D9 is the end of the picture: entropy-coded data never holds it.
            if data.find(b'\xff\xd9', position) >= 0:
                return
            break
    raise ImageFormatError(f'JPEG data is cut off after {len(data)} bytes')


def _is_frame_header(marker: int) -> bool:
    # SOF0 to SOF15, but for the Huffman table, the extension and the arithmetic conditioning that share the range.
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


_COMPRESSED: dict[bytes, Callable[[bytes], None]] = {_JPEG_MAGIC: _check_jpeg, _PNG_MAGIC: _check_png}
