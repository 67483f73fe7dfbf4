"""Malformed frames, mixed with good ones, through the node over real DDS."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from sfnet_ros.runtime import to_rgb

from ..bench import DEADLINE_S, Bench, camera_frame, wait_until

MALFORMED = 100
HW = (24, 32)
ENCODINGS = ['', 'RGB8', 'rgb9', '32FC1', 'jpeg', '\u00e9\u2603', 'x' * 5000]

Random = np.random.Generator
Spoil = Callable[[Random, Image], None]


def _resize_data(message: Image, size: int) -> None:
    data = bytes(message.data)
    message.data = (data * (size // len(data) + 1))[:size]


def _set(field: str, draw: Callable[[Random], object]) -> Spoil:
    return lambda random, message: setattr(message, field, draw(random))


IMAGE_SPOILERS: tuple[Spoil, ...] = (
    _set(
        'encoding', lambda random: str(random.choice(['', 'RGB8', 'rgb9', '32FC1', 'jpeg', '\u00e9\u2603', 'x' * 5000]))
    ),
    _set('step', lambda random: int(random.integers(0, HW[1] * 3))),
    _set('step', lambda random: int(random.integers(HW[1] * 3 + 1, 2**32))),
    _set('height', lambda random: int(random.choice([0, 1, HW[0] - 1, HW[0] + 1, 2**31, 2**32 - 1]))),
    _set('width', lambda random: int(random.choice([0, HW[1] + 1, 2**31, 2**32 - 1]))),
    lambda random, message: _resize_data(message, int(random.integers(0, HW[0] * HW[1] * 3))),
    lambda random, message: _resize_data(message, int(random.integers(HW[0] * HW[1] * 3 + 1, 10**5))),
)


def spoil_image(random: Random, good: Image) -> Image:
    """Break one field, so that none of what is left is a picture."""
    spoil = IMAGE_SPOILERS[random.integers(len(IMAGE_SPOILERS))]
    spoil(random, good)
    return good


def spoil_compressed(random: Random, good: CompressedImage) -> CompressedImage:
    """Cut, replace or damage the data, so that no decoder makes a picture of it."""
    data = bytearray(good.data)
    kind = random.integers(4)
    if kind == 0:
        data = data[: random.integers(len(data) - 2)]
    elif kind == 1:
        data = bytearray(random.bytes(random.integers(1, 4000)))
    elif kind == 2:
        data[2:] = random.bytes(len(data) - 2)
    else:
        data[: random.integers(1, 8)] = b''
    return CompressedImage(header=good.header, format=str(random.choice(['jpeg', 'png', '', 'bgr8; jpeg'])), data=data)


def compress(random: Random, frame: Image) -> CompressedImage:
    suffix = str(random.choice(['jpeg', 'png']))
    ok, data = cv2.imencode(f'.{suffix}', to_rgb(frame)[:, :, ::-1])
    assert ok
    return CompressedImage(header=frame.header, format=suffix, data=data.tobytes())


def test_malformed_images_are_counted_and_every_good_one_is_served(bench: Bench) -> None:
    random = np.random.default_rng(20)
    node = bench.start()
    labels, camera = bench.listen(), bench.camera()
    for number in range(1, MALFORMED + 1):
        camera.publish(spoil_image(random, camera_frame(hw=HW, stamp_ns=number)))
        wait_until(lambda wanted=number: node.counts.malformed == wanted, f'malformed frame {number} is counted')
        camera.publish(camera_frame(hw=HW, stamp_ns=number))
        label = labels.get(timeout=DEADLINE_S)
        assert (label.header.stamp.nanosec, label.height, label.width) == (number, *HW)
    assert bench.state() == 'active'
    print(f'{MALFORMED} malformed Images sent, {node.counts}')
    assert node.counts.failed == node.counts.dropped == 0


def test_malformed_compressed_images_are_counted_and_every_good_one_is_served(bench: Bench) -> None:
    random = np.random.default_rng(21)
    topic = '/image/compressed'
    node = bench.start(camera=topic, image_transport='compressed')
    labels, camera = bench.listen(), bench.camera(topic, CompressedImage)
    for number in range(1, MALFORMED + 1):
        camera.publish(spoil_compressed(random, compress(random, camera_frame(hw=HW, stamp_ns=number))))
        wait_until(lambda wanted=number: node.counts.malformed == wanted, f'malformed frame {number} is counted')
        camera.publish(compress(random, camera_frame(hw=HW, stamp_ns=number)))
        label = labels.get(timeout=DEADLINE_S)
        assert (label.header.stamp.nanosec, label.height, label.width) == (number, *HW)
    assert bench.state() == 'active'
    print(f'{MALFORMED} malformed CompressedImages sent, {node.counts}')
    assert node.counts.failed == node.counts.dropped == 0


def test_bytes_that_are_no_message_do_not_keep_the_node_from_the_next_one(bench: Bench) -> None:
    node = bench.start()
    labels, camera = bench.listen(), bench.camera()
    good = camera_frame()
    wire = serialize_message(good)
    camera.publish(wire.replace(b'rgb8', b'\xff\xfe\x80\x81'))
    wait_until(lambda: node.counts.malformed == 1, 'the frame whose encoding is no text is counted')
    # Cut within the header and within the pixels: the middleware may pass them over, or hand out what it can read.
    for size in (4, 10, 30, len(wire) - 1):
        camera.publish(wire[:size])
    camera.publish(good)
    while labels.get(timeout=DEADLINE_S).header != good.header:
        pass
