"""A synthetic scene, and what sends it to a semantic cloud node as a robot would."""

from __future__ import annotations

import array
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String

from sfnet_ros.ros.cloud.messages import POINT
from sfnet_ros.ros.cloud.node import SemanticCloudNode

from ..bench import Bench, wait_until

ROAD, CAR, UNLABELLED = 3, 8, 255
HW = (6, 8)
FOCAL = 4.0

LEGEND = {
    'classes': [
        {'id': ROAD, 'name': 'Road', 'color': [128, 64, 128], 'drivable': True},
        {'id': CAR, 'name': 'Car', 'color': [64, 0, 128], 'obstacle': True},
    ]
}
_ENCODINGS = {'|u1': 'mono8', '<u2': '16UC1', '<f4': '32FC1', '>u2': '16UC1', '>f4': '32FC1'}
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def header(stamp_ns: int, frame_id: str = 'camera_optical') -> Header:
    message = Header(frame_id=frame_id)
    message.stamp.sec, message.stamp.nanosec = divmod(stamp_ns, 10**9)
    return message


def image(pixels: NDArray[Any], stamp_ns: int, frame_id: str = 'camera_optical') -> Image:
    height, width = pixels.shape[:2]
    encoding = 'rgb8' if pixels.ndim == 3 else _ENCODINGS[pixels.dtype.str]
    data = array.array('B')
    data.frombytes(pixels.tobytes())
    message = Image(header=header(stamp_ns, frame_id), height=height, width=width, encoding=encoding)
    message.step, message.data = len(data) // height, data
    message.is_bigendian = int(pixels.dtype.byteorder == '>')
    return message


def camera_info(hw: tuple[int, int] = HW, focal: float = FOCAL) -> CameraInfo:
    """Make the calibration of a camera whose axis is in the middle of its picture."""
    cx, cy = (hw[1] - 1) / 2, (hw[0] - 1) / 2
    k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
    p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return CameraInfo(height=hw[0], width=hw[1], k=k, p=p)


def points_of(cloud: Any) -> NDArray[Any]:
    """Read a cloud as its fields say, which is how sensor_msgs_py does it."""
    numpy_types = {7: 'f4', 6: 'u4', 2: 'u1'}
    order = '>' if cloud.is_bigendian else '<'
    dtype = np.dtype(
        {
            'names': [item.name for item in cloud.fields],
            'formats': [order + numpy_types[item.datatype] for item in cloud.fields],
            'offsets': [item.offset for item in cloud.fields],
            'itemsize': cloud.point_step,
        }
    )
    assert cloud.row_step == cloud.point_step * cloud.width
    assert dtype.itemsize == POINT.itemsize
    return np.frombuffer(cloud.data, dtype).reshape(cloud.height, cloud.width)


class Robot:
    """Run a semantic cloud node, and publish what it subscribes to."""

    def __init__(self, bench: Bench, *arguments: str, **parameters: Any) -> None:
        self.bench = bench
        topics = ('label', 'confidence', 'depth', 'image', 'camera_info')
        # With best effort, what is sent before both ends have found each other is lost, now and then.
        reliable = {f'qos_overrides./{topic}.subscription.reliability': 'reliable' for topic in topics}
        self.node = bench.run(SemanticCloudNode, *arguments, **{**reliable, 'camera_height': 1.0, **parameters})
        self._publishers: dict[str, Any] = {}

    def send(self, topic: str, message: Any, *, wait: bool = True) -> None:
        if topic not in self._publishers:
            qos = _LATCHED if isinstance(message, String) else QoSProfile(depth=50)
            publisher = self.bench.peer.create_publisher(type(message), f'/{topic}', qos)
            self._publishers[topic] = publisher
            if wait:
                wait_until(lambda: publisher.get_subscription_count() > 0, f'somebody subscribes to {topic}')
        self._publishers[topic].publish(message)

    def calibrate(self, info: CameraInfo | None = None, legend: dict[str, Any] | None = None) -> None:
        """Send what comes seldom, and wait until the node has it."""
        inputs = self.node._inputs
        known, classes = inputs._camera_info, (inputs._legend, inputs._legend_error)
        self.send('camera_info', info or camera_info())
        wait_until(lambda: inputs._camera_info is not known, 'the calibration came')
        if 'legend' in inputs._heard:
            self.send('legend', String(data=json.dumps(legend or LEGEND)))
            wait_until(lambda: (inputs._legend, inputs._legend_error) != classes, 'the legend came')

    def see(self, labels: NDArray[np.uint8], depth: NDArray[Any] | None = None, stamp_ns: int = 1, **more: Any) -> None:
        """Send a frame: depth first and labels later, as it is on a robot."""
        if depth is not None:
            self.send('depth', image(depth, stamp_ns))
        for topic, pixels in more.items():
            self.send(topic, image(pixels, stamp_ns))
        self.send('label', image(labels, stamp_ns))
        if 'confidence' not in more and self.node.parameters.use_confidence:
            self.send('confidence', image(np.full_like(labels, 200), stamp_ns))
