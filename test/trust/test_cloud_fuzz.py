"""Malformed and random messages through the semantic cloud node: no crash, no growth, the next good cloud right."""

from __future__ import annotations

import array
import queue
from collections.abc import Callable

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.messages import image_message

from ..ros.bench import Bench
from ..ros.node_process import NodeProcess
from .attacker import GROWTH, PATIENCE_S, end_in_order, for_each, ros_arguments
from .memory import Memory
from .messages import LARGEST_BYTES, calibration, cloud_frames

pytestmark = pytest.mark.timeout(3600)

HW = (24, 32)
DEPTH_M = 2.0
GOOD_EVERY = 5
TOPICS = {'camera_info': CameraInfo, 'depth': Image, 'image': Image, 'confidence': Image, 'label': Image}


def wall(number: int) -> dict[str, Image | CameraInfo]:
    """Make a good frame: a wall of one class, two metres away."""
    header = Header(frame_id='good')
    header.stamp.sec = number
    info = calibration(*HW)
    info.header = header
    return {
        'camera_info': info,
        'depth': image_message(header, np.full((*HW, 1), DEPTH_M, np.float32)),
        'image': image_message(header, np.full((*HW, 3), 7, np.uint8)),
        'confidence': image_message(header, np.full(HW, 99, np.uint8)),
        'label': image_message(header, np.full(HW, number % 11, np.uint8)),
    }


def largest(kind: type[Image | CameraInfo], stamp_s: int) -> Image | CameraInfo:
    """Make a message that waits for labels that never come."""
    message = kind() if kind is CameraInfo else Image(data=array.array('B', bytes(LARGEST_BYTES)))
    message.header.stamp.sec = stamp_s
    return message


def values_of(cloud: PointCloud2, field: str, dtype: type[np.generic]) -> np.ndarray:
    """Read a field of all points ``(H, W)``."""
    (offset,) = [entry.offset for entry in cloud.fields if entry.name == field]
    strides = (cloud.row_step, cloud.point_step)
    return np.ndarray((cloud.height, cloud.width), dtype, cloud.data, offset, strides)


class CloudAttacker:
    """Send the node frames that fall apart, and a wall after every few, which must come out as one."""

    def __init__(self, bench: Bench, node: NodeProcess, messages: int) -> None:
        self.sent = 0
        self.memory = Memory(node.popen.pid, warm_up=messages // 5)
        self._node = node
        self._publishers = {topic: bench.camera(f'/{topic}', kind) for topic, kind in TOPICS.items()}
        self._clouds = bench.listen('/semantic_cloud/points', PointCloud2)
        bench.listen('/semantic_cloud/obstacles', PointCloud2)
        # Of the memory that the node may take, all is taken before it is measured: its queue is full of the largest.
        for number in range(2 * CloudParameters.queue_size):
            self._send({topic: largest(kind, 10**6 + number) for topic, kind in TOPICS.items()} | {'label': Image()})
            self._send_wall(0)

    def take(self, frame: dict[str, Image | CameraInfo]) -> None:
        """Send a frame, topic by topic."""
        self._send(frame)
        self.sent += len(frame)
        if self.sent % (GOOD_EVERY * len(frame)) == 0:
            self._send_wall(self.sent)
            self.memory.sample(self.sent)

    def _send(self, frame: dict[str, Image | CameraInfo]) -> None:
        for topic, publisher in self._publishers.items():
            publisher.publish(frame[topic])

    def _send_wall(self, number: int) -> None:
        # Twice: every topic has a way of its own, and the first may meet the node before its calibration does.
        self._send(wall(2 * number))
        sent = wall(2 * number + 1)
        self._send(sent)
        cloud = self._cloud_of(sent['label'].header)
        assert (cloud.height, cloud.width) == HW
        np.testing.assert_array_equal(values_of(cloud, 'z', np.float32), DEPTH_M)
        np.testing.assert_array_equal(values_of(cloud, 'label', np.uint32), sent['label'].data[0])
        np.testing.assert_array_equal(values_of(cloud, 'confidence', np.uint8), 99)

    def _cloud_of(self, header: Header) -> PointCloud2:
        while True:
            try:
                cloud = self._clouds.get(timeout=PATIENCE_S)
            except queue.Empty:
                pytest.fail(f'no cloud of {header}: {self._node.output}')
            if cloud.header == header:
                return cloud


def test_what_cameras_may_send_does_not_harm_the_semantic_cloud_node(
    bench: Bench, start_process: Callable[..., NodeProcess], frames: int
) -> None:
    qos = {f'qos_overrides./{topic}.subscription.reliability': 'reliable' for topic in TOPICS}
    parameters = {'label_space': 'camvid', 'color': 'image', **qos}
    node = start_process(*ros_arguments(parameters), executable='semantic_cloud_node')
    node.wait_for_output('labels of /label go to', PATIENCE_S)
    attacker = CloudAttacker(bench, node, frames)
    for_each(frames // len(TOPICS), cloud_frames(), attacker.take)
    assert bench.state('/semantic_cloud') == 'active'
    print(f'\n{attacker.sent} messages: {end_in_order(node)}; {attacker.memory}')
    assert attacker.memory.growth < GROWTH
