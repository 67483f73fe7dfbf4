"""A peer that sends a node whatever comes to its mind, and holds it to the next good frame."""

from __future__ import annotations

import queue
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from sfnet_ros.ros.segmentation.outputs.table import OUTPUTS
from sfnet_ros.runtime import Segmenter
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

from ..ros.bench import Bench, camera_frame
from ..ros.node_process import NodeProcess
from .memory import Memory
from .messages import LARGEST_BYTES, calibration

SEED = 3
# A full run stands back behind all else that the machine has to do.
PATIENCE_S = 120.0
HW = (24, 32)
# Of the node's subscription to the camera: all messages between two good ones fit.
DEPTH = 20
GOOD_EVERY = 10
GROWTH = 0.02


def for_each(count: int, messages: st.SearchStrategy[Any], take: Callable[[Any], None]) -> None:
    """Hand over so many messages as hypothesis draws them, the same at each run."""

    @seed(SEED)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # What comes after a failure follows from it.
        report_multiple_bugs=False,
    )
    @given(messages)
    def run(message: Any) -> None:
        take(message)

    run()


def compress(frame: Image) -> CompressedImage:
    data = cv2.imencode('.png', to_rgb(frame)[:, :, ::-1])[1].tobytes()
    return CompressedImage(header=frame.header, format='png', data=data)


def start_node(start_process: Callable[..., NodeProcess], model_folder: Path, **parameters: Any) -> NodeProcess:
    """Start a segmentation node on its one thread, whose labels wait for nobody."""
    runs = {'backend': 'torch', 'device': 'cpu', 'precision': 'float32', 'threads': 1}
    usual = {'model': model_folder, **runs, 'label_info_lead_ms': 0}
    node = start_process(*ros_arguments({**usual, **parameters}))
    node.wait_for_output('labels go to', PATIENCE_S)
    return node


def ros_arguments(parameters: dict[str, Any]) -> list[str]:
    """Give parameters as a command line does."""
    return ['--ros-args', *(word for name, value in parameters.items() for word in ('-p', f'{name}:={value}'))]


def end_in_order(node: NodeProcess) -> str:
    """End a node, and return its last line, once it has ended as it should."""
    exit_code, _ = node.end(signal.SIGINT)
    assert exit_code == 0, node.output
    assert 'Traceback' not in node.output, node.output
    return node.output.splitlines()[-1]


class Attacker:
    """Send a node what hypothesis draws, and a good frame after every few, whose label must be right.

    Args:
        bench: Whose peer sends.
        node: The node's process.
        segmenter: Knows the right labels.
        kind: What the camera sends: Image or CompressedImage.
        count: How many messages will come.
    """

    def __init__(
        self, bench: Bench, node: NodeProcess, segmenter: Segmenter, kind: type[Image | CompressedImage], count: int
    ) -> None:
        self.sent = 0
        self.memory = Memory(node.popen.pid, count // 5)
        self._node = node
        frames = [camera_frame(hw=HW, stamp_ns=number) for number in range(1, 6)]
        self._labels = [segmenter(to_rgb(frame)).label_map for frame in frames]
        self._good = [compress(frame) if kind is CompressedImage else frame for frame in frames]
        self._bench = bench
        self._label_queue = bench.listen()
        # Subscribed to, so that they are made of every frame too.
        for output in OUTPUTS:
            bench.peer.create_subscription(output.message_type, f'/sfnet/{output.name}', lambda _: None, 1, raw=True)
        self._camera = bench.camera('/image' if kind is Image else '/image/compressed', kind)
        self._calibration = bench.camera('/camera_info', CameraInfo)
        # Under another header than the good ones: what is made of it may be a picture, whose label nobody waits for.
        alike = camera_frame('wire', HW)
        self.wire = serialize_message(compress(alike) if kind is CompressedImage else alike)
        # Buffers of the middleware stay as large as they ever were: all of them, before the memory is measured.
        for _ in range(2 * DEPTH):
            self._camera.publish(kind(data=bytes(LARGEST_BYTES)))
            self._send_good(0)

    def take(self, message: Image | CompressedImage | CameraInfo | bytes) -> None:
        """Send a message and, where it is a picture after all, wait for its label."""
        if isinstance(message, CameraInfo):
            self._calibration.publish(message)
        else:
            self._camera.publish(message)
            if not isinstance(message, bytes) and (size_hw := picture_size(message)):
                label_hw = self._label_of(message.header).shape
                assert label_hw == size_hw, f'message {self.sent}: label of {label_hw} for a picture of {size_hw}'
        self.sent += 1
        if self.sent % GOOD_EVERY == 0:
            self._send_good(self.sent // GOOD_EVERY % len(self._good))
            self.memory.sample(self.sent)

    def assert_calibrated(self) -> None:
        """Hold the node to a good calibration that follows all the bad ones."""
        infos = self._bench.listen('/sfnet/camera_info', CameraInfo)
        self._calibration.publish(calibration(*HW))
        # Twice: both topics have a way of their own, and the first frame may come before the calibration.
        for number in (0, 1):
            self._send_good(number)
        while (info := infos.get(timeout=PATIENCE_S)).header != self._good[1].header:
            pass
        np.testing.assert_array_equal(info.k, calibration(*HW).k)

    def _send_good(self, number: int) -> None:
        self._camera.publish(self._good[number])
        label = self._label_of(self._good[number].header)
        np.testing.assert_array_equal(label, self._labels[number])

    def _label_of(self, header: Any) -> np.ndarray:
        while True:
            try:
                message = self._label_queue.get(timeout=PATIENCE_S)
            except queue.Empty:
                pytest.fail(f'no label of {header}: {self._node.output}')
            if message.header == header:
                return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)


def picture_size(message: Image | CompressedImage) -> tuple[int, ...] | None:
    try:
        return to_rgb(message).shape[:2]
    except (ImageFormatError, cv2.error):
        return None
