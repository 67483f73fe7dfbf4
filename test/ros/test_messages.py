from __future__ import annotations

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.image import message_to_cvimage
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from sfnet_ros.ros.messages import image_message, image_wire, jpeg_message, png_message
from sfnet_ros.runtime import to_rgb


@pytest.mark.parametrize(('shape', 'encoding', 'step'), [((3, 5), 'mono8', 5), ((3, 5, 3), 'rgb8', 15)])
def test_pixels_arrive_as_they_were(shape: tuple[int, ...], encoding: str, step: int) -> None:
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    message = deserialize_message(serialize_message(image_message(Header(frame_id='camera'), pixels)), Image)
    assert (message.height, message.width, message.encoding, message.step) == (3, 5, encoding, step)
    np.testing.assert_array_equal(np.frombuffer(message.data, np.uint8).reshape(shape), pixels)
    assert message.header.frame_id == 'camera'


def test_a_view_with_gaps_is_written_without_them() -> None:
    wide = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    np.testing.assert_array_equal(to_rgb(image_message(Header(), wide[:, :4])), wide[:, :4])


@pytest.mark.parametrize('channels', [1, 11, 19])
def test_floats_of_many_channels_arrive_as_they_were(channels: int) -> None:
    values = np.random.default_rng(channels).random((3, 5, channels), np.float32)
    message = deserialize_message(serialize_message(image_message(Header(), values)), Image)
    assert (message.encoding, message.step, len(message.data)) == (f'32FC{channels}', 20 * channels, 60 * channels)
    byte_order = '>f4' if message.is_bigendian else '<f4'
    np.testing.assert_array_equal(np.frombuffer(message.data, byte_order).reshape(values.shape), values)


@pytest.mark.parametrize('frame_id', ['', 'cam', 'camera', 'the left camera'])
@pytest.mark.parametrize('shape', [(3, 5), (2, 3, 3), (48, 64, 3), (3, 5, 11)])
def test_what_goes_over_the_wire_is_the_message(shape: tuple[int, ...], frame_id: str) -> None:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = 1_700_000_000, 123_456_789
    values = np.random.default_rng(0).random(shape, np.float32)
    pixels = values if shape[-1] == 11 else (255 * values).astype(np.uint8)
    for part in (pixels, pixels[:, ::2]):
        wire = image_wire(header, part)
        assert len(wire) == len(serialize_message(image_message(header, part)))
        assert deserialize_message(wire, Image) == image_message(header, part)


def test_pixels_are_copied_once_on_the_way_to_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    serialized: list[int] = []
    image_wire(Header(), np.zeros((1, 1), np.uint8))
    monkeypatch.setattr(
        'sfnet_ros.ros.messages.serialize_message',
        lambda message: (serialized.append(len(message.data)), serialize_message(message))[1],
    )
    image_wire(Header(), np.zeros((48, 64), np.uint8))
    assert serialized == [0]


def test_a_png_loses_nothing() -> None:
    label_map = np.random.default_rng(0).integers(0, 256, (31, 17), np.uint8)
    message = deserialize_message(serialize_message(png_message(Header(frame_id='camera'), label_map)), CompressedImage)
    assert (message.header.frame_id, message.format) == ('camera', 'mono8; png compressed ')
    np.testing.assert_array_equal(message_to_cvimage(message), label_map)


def test_a_jpeg_is_smaller_at_a_lower_quality_and_its_red_stays_red() -> None:
    rgb = np.random.default_rng(0).integers(0, 40, (64, 64, 3), np.uint8)
    rgb[:32] = (250, 10, 20)
    rough, fine = (jpeg_message(Header(), rgb, quality) for quality in (20, 95))
    assert len(rough.data) < len(fine.data) / 2
    assert fine.format == 'rgb8; jpeg compressed bgr8'
    for decoded in (to_rgb(fine), message_to_cvimage(fine, 'rgb8')):
        np.testing.assert_allclose(decoded[:24], rgb[:24], atol=6)


def test_what_is_too_large_for_a_jpeg_is_refused() -> None:
    with pytest.raises(ValueError, match='picture of 1 rows and 70000 columns cannot be encoded as jpg'):
        jpeg_message(Header(), np.zeros((1, 70_000, 3), np.uint8), 80)
