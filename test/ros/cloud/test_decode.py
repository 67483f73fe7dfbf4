"""Planes out of Image messages, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import Image

from sfnet_ros.geometry import to_metres
from sfnet_ros.ros.cloud.decode import bytes_of, depth_of
from sfnet_ros.runtime.image import ImageFormatError


def image(encoding: str, data: bytes, step: int, *, hw: tuple[int, int] = (2, 1), is_bigendian: int = 0) -> Image:
    return Image(height=hw[0], width=hw[1], encoding=encoding, step=step, is_bigendian=is_bigendian, data=data)


def test_labels_are_read_without_the_padding_of_their_rows() -> None:
    assert bytes_of(image('mono8', b'\x01\x02\x00\x03\x04\x00', 3, hw=(2, 2))).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ('encoding', 'dtype', 'is_bigendian'), [('16UC1', '<u2', 0), ('16UC1', '>u2', 1), ('mono16', '<u2', 0)]
)
def test_depth_in_millimetres_is_read_in_its_byte_order(encoding: str, dtype: str, is_bigendian: int) -> None:
    data = np.array([1500, 0], dtype).tobytes()
    metres = to_metres(depth_of(image(encoding, data, 2, is_bigendian=is_bigendian)))
    np.testing.assert_array_equal(metres, np.array([[1.5], [np.nan]], np.float32))


@pytest.mark.parametrize(('dtype', 'is_bigendian'), [('<f4', 0), ('>f4', 1)])
def test_depth_in_metres_is_read_in_its_byte_order_with_padding(dtype: str, is_bigendian: int) -> None:
    data = b''.join(np.array([value], dtype).tobytes() + b'padding' for value in (0.5, np.nan))
    metres = to_metres(depth_of(image('32FC1', data, 11, is_bigendian=is_bigendian)))
    np.testing.assert_array_equal(metres, np.array([[0.5], [np.nan]], np.float32))
    assert metres.dtype.isnative


@pytest.mark.parametrize(
    ('message', 'sentence'),
    [
        (image('rgb8', b'', 0), "encoding 'rgb8' is not one of 16UC1, mono16, 32FC1"),
        (image('16UC1', b'1234', 1), '4 bytes and step 1 do not make 2 rows of 1 pixels of 2 bytes'),
        (image('16UC1', b'123', 2), '3 bytes and step 2 do not make'),
        (image('32FC1', b'', 0, hw=(0, 7)), 'a picture of 0 rows and 7 columns'),
        (image('16UC1', b'12', 2, hw=(2**31, 2**31)), 'a picture of 2147483648 rows'),
    ],
)
def test_what_is_no_depth_is_refused(message: Image, sentence: str) -> None:
    with pytest.raises(ImageFormatError, match=sentence):
        depth_of(message)


def test_labels_of_more_than_a_byte_are_refused() -> None:
    with pytest.raises(ImageFormatError, match="encoding '16UC1' is not one of mono8, 8UC1"):
        bytes_of(image('16UC1', b'1234', 2))
