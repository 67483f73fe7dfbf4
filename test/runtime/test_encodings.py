"""Every encoding against pixels made by hand, and against another decoder of the same messages."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import rosbags.image
from numpy.typing import NDArray

from sfnet_ros.runtime import ImageFormatError, to_rgb
from sfnet_ros.runtime.encodings import ENCODINGS

_RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
_BGR = _RGB[..., ::-1]
_GREY = _RGB[..., :1]
_THREE_GREYS = _GREY.repeat(3, axis=2)
_ALPHA = np.random.default_rng(1).integers(0, 256, (6, 8, 1), np.uint8)

# Colours of BT.601 from 16 to 235, as (Y, U, V) and as RGB.
_YUV_COLORS = np.array([[16, 128, 128], [235, 128, 128], [126, 128, 128], [81, 90, 240], [145, 54, 34], [41, 240, 110]])
_THEIR_RGB = np.array([[0, 0, 0], [255, 255, 255], [128, 128, 128], [254, 0, 0], [0, 255, 1], [0, 0, 255]])


@dataclass(frozen=True)
class _Sample:
    """Rows of data and what they show."""

    data: NDArray[np.generic]  # (rows, items) uint8, int8 or uint16
    rgb: NDArray[np.uint8]  # (H, W, 3)
    tolerance: int = 0


def _rows(*channels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate(channels, axis=2).reshape(channels[0].shape[0], -1)


def _deep(rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Scale to 16 bits, off by less than half of a step of 8 bits."""
    noise = np.random.default_rng(2).integers(-127, 128, rows.shape)
    return np.clip(rows.astype(int) * 257 + noise, 0, 65535).astype(np.uint16)


def _mosaic(first_row: str, second_row: str) -> _Sample:
    """One colour all over: what is interpolated is that colour again, also at the edges."""
    color = dict(zip('RGB', (200, 100, 30), strict=True))
    tile = [[color[name] for name in row] for row in (first_row, second_row)]
    return _Sample(np.tile(np.array(tile, np.uint8), (3, 4)), np.full((6, 8, 3), list(color.values()), np.uint8))


def _deepened(sample: _Sample) -> _Sample:
    return _Sample(sample.data.astype(np.uint16) * 257, sample.rgb)


def _yuv() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Blocks of 2x2 pixels of a colour, so that none of it is lost where colours are shared: YUV and RGB."""
    spread = np.resize(np.arange(len(_YUV_COLORS)), (3, 4)).repeat(2, axis=0).repeat(2, axis=1)
    return _YUV_COLORS[spread].astype(np.uint8), _THEIR_RGB[spread].astype(np.uint8)


def _packed(first: str) -> _Sample:
    yuv, rgb = _yuv()
    colors = np.where(np.arange(8)[None, :] % 2 == 0, yuv[..., 1], yuv[..., 2])
    order = (colors, yuv[..., 0]) if first == 'U' else (yuv[..., 0], colors)
    return _Sample(np.stack(order, axis=2).reshape(6, 16), rgb, tolerance=1)


def _planar(order: tuple[int, int]) -> _Sample:
    yuv, rgb = _yuv()
    colors = yuv[::2, ::2][..., order].reshape(3, 8)
    return _Sample(np.concatenate([yuv[..., 0], colors]), rgb, tolerance=1)


def _full_planar() -> _Sample:
    yuv, rgb = _yuv()
    # Every pixel has a colour of its own here.
    yuv, rgb = yuv[::2].repeat(2, axis=0)[:, ::-1], rgb[::2].repeat(2, axis=0)[:, ::-1]
    return _Sample(np.concatenate([yuv[..., 0], yuv[..., 1:].reshape(12, 8)]), rgb, tolerance=1)


_SIGNED = np.array([[-128, -1, 0, 1, 64, 127, -5, 5]] * 6, np.int8)
_UNSIGNED = np.array([[0, 0, 0, 1, 64, 127, 0, 5]] * 6, np.uint8)

_SAMPLES = {
    'rgb8': _Sample(_rows(_RGB), _RGB),
    'bgr8': _Sample(_rows(_BGR), _RGB),
    'rgba8': _Sample(_rows(_RGB, _ALPHA), _RGB),
    'bgra8': _Sample(_rows(_BGR, _ALPHA), _RGB),
    'mono8': _Sample(_rows(_GREY), _THREE_GREYS),
    '8UC1': _Sample(_rows(_GREY), _THREE_GREYS),
    '8UC3': _Sample(_rows(_BGR), _RGB),
    '8UC4': _Sample(_rows(_BGR, _ALPHA), _RGB),
    '8SC1': _Sample(_SIGNED, np.dstack([_UNSIGNED] * 3)),
    '8SC3': _Sample(np.repeat(_SIGNED, 3, axis=1), np.dstack([_UNSIGNED] * 3)),
    '8SC4': _Sample(np.repeat(_SIGNED, 4, axis=1), np.dstack([_UNSIGNED] * 3)),
    'rgb16': _Sample(_deep(_rows(_RGB)), _RGB),
    'bgr16': _Sample(_deep(_rows(_BGR)), _RGB),
    'rgba16': _Sample(_deep(_rows(_RGB, _ALPHA)), _RGB),
    'bgra16': _Sample(_deep(_rows(_BGR, _ALPHA)), _RGB),
    'mono16': _Sample(_deep(_rows(_GREY)), _THREE_GREYS),
    '16UC1': _Sample(_deep(_rows(_GREY)), _THREE_GREYS),
    '16UC3': _Sample(_deep(_rows(_BGR)), _RGB),
    '16UC4': _Sample(_deep(_rows(_BGR, _ALPHA)), _RGB),
    'bayer_rggb8': _mosaic('RG', 'GB'),
    'bayer_bggr8': _mosaic('BG', 'GR'),
    'bayer_gbrg8': _mosaic('GB', 'RG'),
    'bayer_grbg8': _mosaic('GR', 'BG'),
    'bayer_rggb16': _deepened(_mosaic('RG', 'GB')),
    'bayer_bggr16': _deepened(_mosaic('BG', 'GR')),
    'bayer_gbrg16': _deepened(_mosaic('GB', 'RG')),
    'bayer_grbg16': _deepened(_mosaic('GR', 'BG')),
    'uyvy': _packed('U'),
    'yuv422': _packed('U'),
    'yuyv': _packed('Y'),
    'yuv422_yuy2': _packed('Y'),
    'nv12': _planar((1, 2)),
    'nv21': _planar((2, 1)),
    'nv24': _full_planar(),
}

_OTHER_DECODER = [name for name in _SAMPLES if ENCODINGS[name].tested.endswith('rosbags-image')]


def _message(
    encoding: str, data: NDArray[np.generic], height: int, width: int, padding: int = 0, big_endian: bool = False
) -> SimpleNamespace:
    ordered = data.astype('>u2' if big_endian else '<u2') if data.dtype == np.uint16 else data
    rows = np.ascontiguousarray(ordered).view(np.uint8)
    if encoding == 'nv24' and padding:
        # The plane of colours has rows of two steps.
        brightness = np.pad(rows[:height], ((0, 0), (0, padding)), constant_values=7)
        colors = np.pad(rows[height:].reshape(height, -1), ((0, 0), (0, 2 * padding)), constant_values=7)
        rows = np.concatenate([brightness, colors.reshape(2 * height, -1)])
    else:
        rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    return SimpleNamespace(
        encoding=encoding,
        height=height,
        width=width,
        step=rows.shape[1],
        is_bigendian=int(big_endian),
        data=rows.tobytes(),
    )


def test_every_encoding_has_its_sample_and_says_how_it_is_tested() -> None:
    assert list(_SAMPLES) == list(ENCODINGS)
    assert all(encoding.tested.startswith('hand-made pixels') for encoding in ENCODINGS.values())
    assert len(_OTHER_DECODER) == 24


@pytest.mark.parametrize('padding', [0, 1, 6])
@pytest.mark.parametrize('encoding', _SAMPLES)
def test_an_encoding_gives_the_colours_it_was_made_of(encoding: str, padding: int) -> None:
    sample = _SAMPLES[encoding]
    rgb = to_rgb(_message(encoding, sample.data, 6, 8, padding))
    assert rgb.dtype == np.uint8
    assert rgb.shape == sample.rgb.shape
    assert np.abs(rgb.astype(int) - sample.rgb).max() <= sample.tolerance


@pytest.mark.parametrize('encoding', [name for name, sample in _SAMPLES.items() if sample.data.dtype == np.uint16])
def test_words_of_either_byte_order_are_read(encoding: str) -> None:
    sample = _SAMPLES[encoding]
    assert np.array_equal(to_rgb(_message(encoding, sample.data, 6, 8, 1, big_endian=True)), sample.rgb)


def test_bytes_have_no_order() -> None:
    assert np.array_equal(to_rgb(_message('bgr8', _SAMPLES['bgr8'].data, 6, 8, big_endian=True)), _RGB)


@pytest.mark.parametrize('encoding', _OTHER_DECODER)
def test_random_pixels_are_read_as_another_decoder_reads_them(encoding: str) -> None:
    sample = _SAMPLES[encoding]
    most = np.iinfo(sample.data.dtype).max
    data = np.random.default_rng(3).integers(0, most, sample.data.shape, sample.data.dtype, endpoint=True)
    message = _message(encoding, data, 6, 8)
    ours = to_rgb(message)
    # It takes the height for that of all planes, and knows no order of bytes but the machine's.
    message.height = data.shape[0]
    message.is_bigendian = sys.byteorder == 'big'
    theirs = rosbags.image.message_to_cvimage(message, 'rgb8')
    # It cuts off what we round.
    assert np.abs(ours.astype(int) - theirs).max() <= (1 if data.dtype == np.uint16 else 0)


@pytest.mark.parametrize(
    ('encoding', 'hw', 'sentence'),
    [
        ('uyvy', (4, 5), '4 rows and 5 columns is odd; uyvy has its pixels in pairs'),
        ('yuv422_yuy2', (4, 1), '4 rows and 1 columns is odd'),
        ('nv12', (4, 5), '4 rows and 5 columns is odd; nv12'),
        ('nv21', (5, 4), '5 rows and 4 columns is odd'),
        ('bayer_rggb8', (2, 8), '2 rows and 8 columns is too small; bayer_rggb8 takes 3 of each'),
        ('8UC2', (4, 4), "encoding '8UC2' is not one of rgb8, bgr8, .*, nv24"),
        ('32FC1', (4, 4), "encoding '32FC1' is not one of"),
    ],
)
def test_what_makes_no_picture_is_refused(encoding: str, hw: tuple[int, int], sentence: str) -> None:
    message = SimpleNamespace(
        encoding=encoding, height=hw[0], width=hw[1], step=64, is_bigendian=0, data=bytes(64 * hw[0])
    )
    with pytest.raises(ImageFormatError, match=sentence):
        to_rgb(message)


@pytest.mark.parametrize('encoding', _SAMPLES)
def test_data_that_lacks_a_byte_is_refused(encoding: str) -> None:
    message = _message(encoding, _SAMPLES[encoding].data, 6, 8)
    message.data = message.data[:-1]
    with pytest.raises(ImageFormatError, match='short data'):
        to_rgb(message)


@pytest.mark.parametrize('encoding', _SAMPLES)
@pytest.mark.parametrize('hw', [(1, 1), (1, 7), (7, 1), (2, 2), (3, 3), (3, 4), (5, 2)])
def test_the_smallest_pictures_are_decoded_or_refused(encoding: str, hw: tuple[int, int]) -> None:
    item = ENCODINGS[encoding]
    rows, step = hw[0] * item.rows_by_2 // 2, hw[1] * item.pixel_bytes
    message = _message(encoding, np.full((rows, step), 130, np.uint8), *hw)
    in_pairs = hw[0] % item.multiple_hw[0] == 0 and hw[1] % item.multiple_hw[1] == 0
    if in_pairs and min(hw) >= item.least_side:
        assert to_rgb(message).shape == (*hw, 3)
    else:
        with pytest.raises(ImageFormatError, match=r'is (odd|too small)'):
            to_rgb(message)
