"""Camera messages to pixels: every encoding exactly, and no malformed message as a picture."""

from __future__ import annotations

import array
import zlib
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from sfnet_ros.runtime import ImageFormatError, to_rgb

_RGB = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)


def _image(encoding: str, pixels: np.ndarray, padding: int = 0, data: Any = None) -> SimpleNamespace:
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    data = rows.tobytes() if data is None else data
    return SimpleNamespace(height=height, width=width, encoding=encoding, step=rows.shape[1], is_bigendian=0, data=data)


def _compressed(data: bytes, format_name: str = 'jpeg') -> SimpleNamespace:
    return SimpleNamespace(format=format_name, data=data)


def _encode(suffix: str, pixels: np.ndarray) -> bytes:
    done, data = cv2.imencode(suffix, pixels)
    assert done
    return data.tobytes()


def _smooth_frame() -> np.ndarray:
    """Colours that differ by channel and survive JPEG."""
    rows, columns = np.mgrid[0:64, 0:80].astype(np.uint8)
    return np.dstack([rows * 3, columns * 3, np.full_like(rows, 200)])


@pytest.mark.parametrize('padding', [0, 1, 13])
@pytest.mark.parametrize(
    ('encoding', 'pixels'),
    [
        ('rgb8', _RGB),
        ('bgr8', _RGB[..., ::-1]),
        ('8UC3', _RGB[..., ::-1]),
        ('rgba8', np.dstack([_RGB, _RGB[..., 0]])),
        ('bgra8', np.dstack([_RGB[..., ::-1], _RGB[..., 0]])),
        ('8UC4', np.dstack([_RGB[..., ::-1], _RGB[..., 0]])),
    ],
)
def test_each_encoding_gives_the_same_rgb(encoding: str, pixels: np.ndarray, padding: int) -> None:
    rgb = to_rgb(_image(encoding, pixels, padding))
    assert rgb.dtype == np.uint8
    assert np.array_equal(rgb, _RGB)


@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
@pytest.mark.parametrize('padding', [0, 3])
def test_grey_frames_give_three_equal_channels(encoding: str, padding: int) -> None:
    rgb = to_rgb(_image(encoding, _RGB[..., 0], padding))
    assert np.array_equal(rgb, np.dstack([_RGB[..., 0]] * 3))


@pytest.mark.parametrize('padding', [0, 2])
def test_rgb8_is_a_view_of_the_data(padding: int) -> None:
    data = np.frombuffer(_image('rgb8', _RGB, padding).data, np.uint8).copy()
    rgb = to_rgb(_image('rgb8', _RGB, padding, data=data))
    assert np.shares_memory(rgb, data)


@pytest.mark.parametrize('kind', [bytes, bytearray, memoryview, list, tuple, lambda data: array.array('B', data)])
def test_any_container_of_bytes_is_read(kind: Any) -> None:
    message = _image('rgb8', _RGB)
    assert np.array_equal(to_rgb(_image('rgb8', _RGB, data=kind(message.data))), _RGB)


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'encoding': 'yuv9'}, "encoding 'yuv9' is not one of rgb8, bgr8"),
        ({'encoding': ''}, "encoding '' is not one of"),
        ({'step': 14}, 'step is 14, but a row takes 15 bytes'),
        ({'step': 0}, 'step is 0'),
        ({'step': 16}, 'short data: 60 bytes, where 4 rows of 16 make 64'),
        ({'data': bytes(59)}, 'short data: 59 bytes'),
        ({'data': b''}, 'short data: 0 bytes'),
        ({'data': bytes(61)}, 'oversize data: 61 bytes'),
        ({'height': 0}, '0 rows and 5 columns holds nothing'),
        ({'width': 0, 'step': 0, 'data': b''}, 'holds nothing'),
        ({'height': 2**32 - 1, 'width': 2**32 - 1, 'step': 2**32 - 1}, 'more than the 33554432 pixels accepted'),
        ({'data': np.zeros(60, np.float32)}, 'data is an array of float32; uint8 is accepted'),
        ({'data': None}, 'data of type NoneType does not hold bytes'),
        ({'data': 'x' * 60}, 'data of type str does not hold bytes'),
        ({'data': [-1] * 60}, 'data of type list does not hold bytes'),
    ],
)
def test_a_malformed_image_is_refused_in_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ImageFormatError, match=sentence) as caught:
        to_rgb(SimpleNamespace(**{**vars(_image('rgb8', _RGB)), **changes}))
    assert '\n' not in str(caught.value)


def test_a_name_of_any_length_is_refused_in_a_short_sentence() -> None:
    image, compressed = _image('rgb8', _RGB), _compressed(b'x', 'h264' * 10**6)
    image.encoding = 'x' * 10**6
    for message in (image, compressed):
        with pytest.raises(ImageFormatError, match=r'(encoding|format) ') as caught:
            to_rgb(message)
        assert len(str(caught.value)) < 500


def test_png_comes_out_exactly() -> None:
    assert np.array_equal(to_rgb(_compressed(_encode('.png', _RGB[..., ::-1]), 'bgr8; png compressed ')), _RGB)


def test_jpeg_comes_out_in_the_right_colours() -> None:
    frame = _smooth_frame()
    rgb = to_rgb(_compressed(_encode('.jpg', frame[..., ::-1]), 'rgb8; jpeg compressed bgr8'))
    assert rgb.shape == frame.shape
    assert np.abs(rgb.astype(int) - frame).mean() < 3


@pytest.mark.parametrize(
    'pixels',
    [
        np.full((3, 4), 200, np.uint8),
        np.full((3, 4), 200 * 257, np.uint16),
        np.full((3, 4, 3), 200 * 257, np.uint16),
        np.full((3, 4, 4), 200, np.uint8),
    ],
)
def test_grey_deep_and_transparent_pngs_come_out_as_rgb(pixels: np.ndarray) -> None:
    rgb = to_rgb(_compressed(_encode('.png', pixels), 'png'))
    assert rgb.dtype == np.uint8
    assert np.array_equal(rgb, np.full((3, 4, 3), 200))


def test_a_jpeg_is_not_rotated_as_its_exif_says() -> None:
    # One IFD entry: orientation (0x0112), SHORT, one value: 6, a quarter turn.
    entry = b'\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00'
    exif = b'Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00' + entry + bytes(4)
    jpeg = _encode('.jpg', _smooth_frame())
    turned = jpeg[:2] + b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (80, 64, 3)
    assert to_rgb(_compressed(turned)).shape == (64, 80, 3)


def test_bytes_after_the_end_of_a_jpeg_do_no_harm() -> None:
    jpeg = _encode('.jpg', _smooth_frame())
    assert np.array_equal(to_rgb(_compressed(jpeg + bytes(100))), to_rgb(_compressed(jpeg)))


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@pytest.mark.parametrize('share', [0.02, 0.3, 0.6, 0.95])
def test_a_picture_that_is_cut_off_is_refused(suffix: str, share: float) -> None:
    data = _encode(suffix, np.random.default_rng(1).integers(0, 256, (64, 80, 3), np.uint8))
    with pytest.raises(ImageFormatError, match='cut off'):
        to_rgb(_compressed(data[: int(len(data) * share)]))


def test_a_jpeg_that_is_cut_off_behind_its_thumbnail_is_refused() -> None:
    thumbnail = b'\xff\xe1\x00\x06\xff\xd9\xff\xd9'
    jpeg = _encode('.jpg', _smooth_frame())
    with pytest.raises(ImageFormatError, match='cut off'):
        to_rgb(_compressed(jpeg[:2] + thumbnail + jpeg[2:-2]))


def test_a_damaged_png_is_refused() -> None:
    data = bytearray(_encode('.png', _RGB))
    data[50] ^= 0x55
    with pytest.raises(ImageFormatError, match='is damaged'):
        to_rgb(_compressed(bytes(data), 'png'))


@pytest.mark.parametrize('data', [b'', b'\x00' * 50, b'RIFF\x00\x00\x00\x00WEBP', b'\xff\xd8'])
def test_what_is_no_jpeg_or_png_is_refused(data: bytes) -> None:
    with pytest.raises(ImageFormatError, match="'h264'\\) is neither JPEG nor PNG"):
        to_rgb(_compressed(data, 'h264'))


def test_a_jpeg_that_claims_a_gigantic_size_is_refused_unopened() -> None:
    jpeg = bytearray(_encode('.jpg', _smooth_frame()))
    size = jpeg.index(b'\xff\xc0') + 5
    jpeg[size : size + 4] = (65000).to_bytes(2, 'big') * 2
    with pytest.raises(ImageFormatError, match='65000 rows and 65000 columns is more than'):
        to_rgb(_compressed(bytes(jpeg)))


def test_a_png_that_claims_a_gigantic_size_is_refused_unopened() -> None:
    png = bytearray(_encode('.png', _RGB))
    png[16:24] = (60000).to_bytes(4, 'big') * 2
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, 'big')
    with pytest.raises(ImageFormatError, match='60000 rows and 60000 columns is more than'):
        to_rgb(_compressed(bytes(png), 'png'))


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_damaged_data_is_a_picture_or_an_image_format_error(suffix: str) -> None:
    random = np.random.default_rng(2)
    whole = _encode(suffix, _smooth_frame())
    for _ in range(200):
        data = bytearray(whole)
        for position in random.integers(0, len(data), random.integers(1, 8)):
            data[position] = random.integers(0, 256)
        try:
            rgb = to_rgb(_compressed(bytes(data[: random.integers(1, len(data) + 1)])))
        except ImageFormatError:
            continue
        assert rgb.dtype == np.uint8
        assert rgb.ndim == 3
        assert rgb.shape[2] == 3
