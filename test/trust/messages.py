"""Messages as hypothesis draws them: good ones, broken ones, and all that lies between."""

from __future__ import annotations

import array
from typing import Any

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

from sfnet_ros.runtime.encodings import ENCODINGS

LARGEST_BYTES = 1 << 18

UINT32 = st.integers(0, 2**32 - 1)
SEEDS = st.integers(0, 2**32 - 1)
# C++ ends a string at its first NUL.
TEXT = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=8)
FLOATS = st.one_of(st.sampled_from([float('nan'), float('inf'), float('-inf'), 0.0, -1.0, 1e308]), st.floats())

small_sides = st.integers(1, 40)
small_sizes_hw = st.tuples(small_sides, small_sides)
odd_sides = st.one_of(st.sampled_from([0, 1, 2**16, 2**31, 2**32 - 1]), UINT32)
known_encodings = st.sampled_from(sorted(ENCODINGS))
odd_encodings = st.one_of(st.sampled_from(['', 'RGB8', '32FC1', 'x' * 5000]), TEXT)
stamps = st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=UINT32)
headers = st.builds(Header, stamp=stamps, frame_id=TEXT)


def once_in(times: int) -> st.SearchStrategy[bool]:
    """Draw whether a field is spoilt: seldom enough that many messages have a single fault, or none."""
    return st.sampled_from([False] * (times - 1) + [True])


def noise(seed: int, size: int) -> bytes:
    return np.random.default_rng(seed).bytes(size)


@st.composite
def images(
    draw: st.DrawFn,
    usual_encodings: st.SearchStrategy[str] = known_encodings,
    sizes_hw: st.SearchStrategy[tuple[int, int]] = small_sizes_hw,
) -> Image:
    """Draw an Image that was whole, and whose fields may since have been replaced."""
    name = draw(odd_encodings if draw(once_in(6)) else usual_encodings)
    height, width = draw(sizes_hw)
    kind = ENCODINGS.get(name)
    pixel_bytes = kind.pixel_bytes if kind else 4 if name == '32FC1' else draw(st.integers(1, 8))
    step = width * pixel_bytes + draw(st.sampled_from([0, 0, 0, 1, 16]))
    size = step * height * (kind.rows_by_2 if kind else 2) // 2
    if draw(once_in(5)):
        size = draw(st.one_of(st.integers(0, 2 * size + 2), st.just(0), st.integers(0, LARGEST_BYTES)))
    height, width, step = (draw(odd_sides) if draw(once_in(9)) else value for value in (height, width, step))
    message = Image(
        header=draw(headers),
        height=height,
        width=width,
        encoding=name,
        is_bigendian=draw(st.sampled_from([0, 1, 255])),
        step=step,
    )
    message.data = array.array('B', noise(draw(SEEDS), size))
    return message


@st.composite
def compressed_images(draw: st.DrawFn) -> CompressedImage:
    """Draw a JPEG or PNG that may be cut, overwritten in places, of another size by its header, or no picture."""
    pixels = np.frombuffer(noise(draw(SEEDS), 40 * 40 * 3), np.uint8)
    height, width = draw(small_sides), draw(small_sides)
    suffix = draw(st.sampled_from(['.jpeg', '.png']))
    picture = cv2.imencode(suffix, pixels[: height * width * 3].reshape(height, width, 3))[1].tobytes()
    if draw(once_in(3)):
        picture = picture[: draw(st.integers(0, len(picture)))]
    if draw(once_in(3)):
        at = draw(st.integers(0, len(picture)))
        picture = picture[:at] + draw(st.binary(min_size=1, max_size=8)) + picture[at + 8 :]
    if draw(once_in(5)):
        at, size = draw(st.sampled_from([(16, 8), (163, 4)])), draw(st.binary(min_size=8, max_size=8))
        picture = picture[: at[0]] + size[: at[1]] + picture[at[0] + at[1] :]
    if draw(once_in(9)):
        picture = noise(draw(SEEDS), draw(st.one_of(st.integers(0, 4000), st.integers(0, LARGEST_BYTES))))
    form = draw(st.sampled_from([suffix[1:], 'jpeg', 'png', '', 'bgr8; jpeg compressed bgr8', 'x' * 5000]))
    return CompressedImage(header=draw(headers), format=form, data=picture)


@st.composite
def camera_infos(draw: st.DrawFn) -> CameraInfo:
    """Draw a CameraInfo some of whose numbers may be wrong."""
    height, width = draw(small_sides), draw(small_sides)
    message = calibration(height, width)
    message.header = draw(headers)
    for name, strategy in (
        ('height', odd_sides),
        ('width', odd_sides),
        ('distortion_model', TEXT),
        ('d', st.lists(FLOATS, max_size=12)),
        ('binning_x', UINT32),
        ('binning_y', UINT32),
        ('roi', st.builds(RegionOfInterest, x_offset=UINT32, y_offset=UINT32, height=UINT32, width=UINT32)),
    ):
        if draw(once_in(6)):
            setattr(message, name, draw(strategy))
    for matrix in (message.k, message.r, message.p):
        if draw(once_in(2)):
            matrix[draw(st.integers(0, len(matrix) - 1))] = draw(FLOATS)
    return message


def calibration(height: int, width: int) -> CameraInfo:
    """Make a good CameraInfo of a pinhole camera that looks through its middle."""
    focal, x, y = float(width), (width - 1) / 2, (height - 1) / 2
    message = CameraInfo(height=height, width=width, distortion_model='plumb_bob', d=[0.0] * 5)
    message.k = [focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message


@st.composite
def cloud_frames(draw: st.DrawFn) -> dict[str, Image | CameraInfo]:
    """Draw what a semantic cloud is made of, by topic: most of one stamp and size, each possibly broken."""
    size_hw = draw(small_sizes_hw)
    usual = {
        'label': ['mono8'],
        'confidence': ['mono8'],
        'depth': ['16UC1', '32FC1'],
        'image': ['rgb8', 'bgr8', 'mono8'],
    }
    header = draw(headers)
    messages = {
        topic: draw(images(st.sampled_from(names), small_sizes_hw if draw(once_in(6)) else st.just(size_hw)))
        for topic, names in usual.items()
    }
    for message in messages.values():
        if not draw(once_in(12)):
            message.header = header
    return {'camera_info': draw(camera_infos()), **messages}


@st.composite
def cut_wires(draw: st.DrawFn, wire: bytes) -> bytes:
    """Draw the beginning of a message as it goes over the wire."""
    return wire[: draw(st.integers(4, len(wire) - 1))]


def mixed(shares: dict[st.SearchStrategy[Any], int]) -> st.SearchStrategy[Any]:
    """Draw from each strategy as often as its share says."""
    return st.sampled_from([strategy for strategy, share in shares.items() for _ in range(share)]).flatmap(
        lambda of: of
    )
