"""What the bytes of each encoding of sensor_msgs/Image mean, and how they become RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Decode = Callable[[NDArray[np.uint8], int, bool], NDArray[np.uint8]]

_MADE = 'hand-made pixels'
_BOTH = 'hand-made pixels, rosbags-image'

# BT.601 with 16 to 235 for black to white, as OpenCV reads the YUV that it knows.
_Y, _RV, _GU, _GV, _BU = 255 / 219, 1.596027, -0.391762, -0.812968, 2.017232
_YUV_TO_RGB = np.array(
    [
        [_Y, 0.0, _RV, -16 * _Y - 128 * _RV],
        [_Y, _GU, _GV, -16 * _Y - 128 * (_GU + _GV)],
        [_Y, _BU, 0.0, -16 * _Y - 128 * _BU],
    ]
)


@dataclass(frozen=True)
class Encoding:
    """Describe an encoding.

    Args:
        pixel_bytes: Bytes that a pixel takes in a row.
        description: What they mean, in a line.
        tested: What its test compares it with.
        decode: Makes RGB ``(H, W, 3)`` of the rows of data ``(rows, step)``, the width W and whether words are
            big-endian.
        rows_by_2: Rows of data for two of the picture: planes of colour lie below that of brightness.
        multiple_hw: What a picture's height and width are multiples of.
        least_side: Px that both sides have at least.
    """

    pixel_bytes: int
    description: str
    tested: str
    decode: Decode
    rows_by_2: int = 2
    multiple_hw: tuple[int, int] = (1, 1)
    least_side: int = 1


def _bytes(rows: NDArray[np.uint8], width: int, _: bool, *, channels: int, conversion: int | None) -> NDArray[np.uint8]:
    pixels = _pixels(rows[:, : width * channels], channels)
    return pixels if conversion is None else _convert(pixels, conversion)


def _words(
    rows: NDArray[np.uint8], width: int, big_endian: bool, *, channels: int, conversion: int | None
) -> NDArray[np.uint8]:
    # A copy in the machine's own order, as rows of any length leave words unaligned.
    words = rows[:, : width * channels * 2].view('>u2' if big_endian else '<u2').astype(np.uint16)
    pixels = _pixels(words, channels)
    converted = pixels if conversion is None else cv2.cvtColor(pixels, conversion)
    # 65535 becomes 255, rounded, as in cv_bridge.
    return np.asarray(cv2.convertScaleAbs(converted, alpha=1 / 257), np.uint8)


def _signed(rows: NDArray[np.uint8], width: int, _: bool, *, channels: int, conversion: int) -> NDArray[np.uint8]:
    signed = rows[:, : width * channels].view(np.int8)
    return _convert(_pixels(np.maximum(signed, 0).view(np.uint8), channels), conversion)


def _planes(rows: NDArray[np.uint8], width: int, _: bool, *, conversion: int) -> NDArray[np.uint8]:
    return _convert(rows[:, :width], conversion)


def _full_planes(rows: NDArray[np.uint8], width: int, _: bool) -> NDArray[np.uint8]:
    height, step = rows.shape[0] // 3, rows.shape[1]
    # What is darker than black has no brightness to take away; OpenCV sees to that in the conversions that it has.
    brightness = np.maximum(rows[:height, :width], 16)
    colors = rows[height:].reshape(height, 2 * step)[:, : 2 * width].reshape(height, width, 2)
    return np.asarray(cv2.transform(np.dstack([brightness, colors]), _YUV_TO_RGB), np.uint8)


def _pixels(rows: NDArray[Any], channels: int) -> NDArray[Any]:
    # Splitting the last axis needs no copy, also where rows are padded.
    return rows if channels == 1 else rows.reshape(rows.shape[0], -1, channels)


def _convert(pixels: NDArray[np.uint8], conversion: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, conversion), np.uint8)


def _eight_bit(channels: int, conversion: int | None, description: str, tested: str = _BOTH) -> Encoding:
    return Encoding(channels, description, tested, partial(_bytes, channels=channels, conversion=conversion))


def _sixteen_bit(channels: int, conversion: int | None, description: str, tested: str = _BOTH) -> Encoding:
    decode = partial(_words, channels=channels, conversion=conversion)
    return Encoding(2 * channels, f'{description}, 16 bits each', tested, decode)


def _eight_bit_signed(channels: int, conversion: int, description: str) -> Encoding:
    decode = partial(_signed, channels=channels, conversion=conversion)
    return Encoding(channels, f'{description}, signed: below 0 is black', _MADE, decode)


def _bayer(first_row: str, second_row: str, conversion: int, bits: int) -> Encoding:
    decode = partial(_bytes if bits == 8 else _words, channels=1, conversion=conversion)
    mosaic = f'mosaic of {first_row} over {second_row}, {bits} bits, bilinear'
    # Nearer to the edge than one px there are no neighbours to take colours from.
    return Encoding(bits // 8, mosaic, _BOTH, decode, least_side=3)


def _packed_yuv(conversion: int, description: str) -> Encoding:
    decode = partial(_bytes, channels=2, conversion=conversion)
    return Encoding(2, f'YUV 4:2:2, {description}', _BOTH, decode, multiple_hw=(1, 2))


def _planar_yuv(conversion: int, description: str) -> Encoding:
    decode = partial(_planes, conversion=conversion)
    return Encoding(1, f'YUV 4:2:0, {description}', _BOTH, decode, rows_by_2=3, multiple_hw=(2, 2))


# Plain 8UC<n> and 16UC<n> mean what OpenCV makes of n channels. It names a mosaic after its second row, from the second
# column on: of RGGB, that is BG.
ENCODINGS: dict[str, Encoding] = {
    'rgb8': _eight_bit(3, None, 'red, green, blue; never copied'),
    'bgr8': _eight_bit(3, cv2.COLOR_BGR2RGB, 'blue, green, red'),
    'rgba8': _eight_bit(4, cv2.COLOR_RGBA2RGB, 'red, green, blue, and an alpha that is ignored'),
    'bgra8': _eight_bit(4, cv2.COLOR_BGRA2RGB, 'blue, green, red, and an alpha that is ignored'),
    'mono8': _eight_bit(1, cv2.COLOR_GRAY2RGB, 'grey'),
    '8UC1': _eight_bit(1, cv2.COLOR_GRAY2RGB, 'as mono8', _MADE),
    '8UC3': _eight_bit(3, cv2.COLOR_BGR2RGB, 'as bgr8', _MADE),
    '8UC4': _eight_bit(4, cv2.COLOR_BGRA2RGB, 'as bgra8', _MADE),
    '8SC1': _eight_bit_signed(1, cv2.COLOR_GRAY2RGB, 'as mono8'),
    '8SC3': _eight_bit_signed(3, cv2.COLOR_BGR2RGB, 'as bgr8'),
    '8SC4': _eight_bit_signed(4, cv2.COLOR_BGRA2RGB, 'as bgra8'),
    'rgb16': _sixteen_bit(3, None, 'red, green, blue'),
    'bgr16': _sixteen_bit(3, cv2.COLOR_BGR2RGB, 'blue, green, red'),
    'rgba16': _sixteen_bit(4, cv2.COLOR_RGBA2RGB, 'red, green, blue, and an alpha that is ignored'),
    'bgra16': _sixteen_bit(4, cv2.COLOR_BGRA2RGB, 'blue, green, red, and an alpha that is ignored'),
    'mono16': _sixteen_bit(1, cv2.COLOR_GRAY2RGB, 'grey'),
    '16UC1': _sixteen_bit(1, cv2.COLOR_GRAY2RGB, 'as mono16', _MADE),
    '16UC3': _sixteen_bit(3, cv2.COLOR_BGR2RGB, 'as bgr16', _MADE),
    '16UC4': _sixteen_bit(4, cv2.COLOR_BGRA2RGB, 'as bgra16', _MADE),
    'bayer_rggb8': _bayer('RG', 'GB', cv2.COLOR_BayerBG2RGB, 8),
    'bayer_bggr8': _bayer('BG', 'GR', cv2.COLOR_BayerRG2RGB, 8),
    'bayer_gbrg8': _bayer('GB', 'RG', cv2.COLOR_BayerGR2RGB, 8),
    'bayer_grbg8': _bayer('GR', 'BG', cv2.COLOR_BayerGB2RGB, 8),
    'bayer_rggb16': _bayer('RG', 'GB', cv2.COLOR_BayerBG2RGB, 16),
    'bayer_bggr16': _bayer('BG', 'GR', cv2.COLOR_BayerRG2RGB, 16),
    'bayer_gbrg16': _bayer('GB', 'RG', cv2.COLOR_BayerGR2RGB, 16),
    'bayer_grbg16': _bayer('GR', 'BG', cv2.COLOR_BayerGB2RGB, 16),
    'uyvy': _packed_yuv(cv2.COLOR_YUV2RGB_UYVY, 'U Y V Y'),
    'yuv422': _packed_yuv(cv2.COLOR_YUV2RGB_UYVY, 'U Y V Y, as uyvy'),
    'yuyv': _packed_yuv(cv2.COLOR_YUV2RGB_YUYV, 'Y U Y V'),
    'yuv422_yuy2': _packed_yuv(cv2.COLOR_YUV2RGB_YUYV, 'Y U Y V, as yuyv'),
    'nv12': _planar_yuv(cv2.COLOR_YUV2RGB_NV12, 'a plane of Y over one of U V'),
    'nv21': _planar_yuv(cv2.COLOR_YUV2RGB_NV21, 'a plane of Y over one of V U'),
    'nv24': Encoding(1, 'YUV 4:4:4, a plane of Y over one of U V', _MADE, _full_planes, rows_by_2=6),
}
