import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from sfnet_ros.ros.messages import image_message
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
