"""Several cameras on one model, and what a camera may do wrong."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String

from sfnet_ros.ros.messages import image_message
from sfnet_ros.ros.segmentation.node import SegmentationNode
from sfnet_ros.runtime import Segmentation, Segmenter, to_rgb

from ..bench import DEADLINE_S, Bench, camera_frame, wait_until
from .test_life import sentence

NAMES = ('front', 'rear')


def start_two(bench: Bench, **parameters: Any) -> SegmentationNode:
    reliable = {f'qos_overrides./{name}/image.subscription.reliability': 'reliable' for name in NAMES}
    return bench.start(cameras=list(NAMES), **reliable, **parameters)


def wait_for_received(bench: Bench, node: SegmentationNode, count: int) -> None:
    wait_until(lambda: node.counts.received == count, f'{count} frames are received')
    # A frame is counted first, and waits for the worker a moment later: before the executor does anything else.
    assert bench.state() == 'active'


class Gate:
    """Note the sizes of the batches, and hold the first one up until told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.open = threading.Event()
        batch = Segmenter.batch

        def noted(segmenter: Segmenter, frames: Sequence[NDArray[np.uint8]], *others: Any) -> list[Segmentation]:
            self.sizes.append(len(frames))
            assert self.open.wait(DEADLINE_S)
            return batch(segmenter, frames, *others)

        monkeypatch.setattr(Segmenter, 'batch', noted)


def test_every_camera_has_its_own_topics_and_all_share_one_model(bench: Bench, model_folder: Path) -> None:
    start_two(bench)
    segmenter = Segmenter.from_model(model_folder, backend='torch', device='cpu', precision='float32')
    labels = {name: bench.listen(f'/sfnet/{name}/label') for name in NAMES}
    cameras = {name: bench.camera(f'/{name}/image') for name in NAMES}
    for stamp_ns, (name, hw) in enumerate(zip(NAMES, ((60, 80), (48, 96)), strict=True), 1):
        frame = camera_frame(f'{name}_optical', hw, stamp_ns=stamp_ns)
        cameras[name].publish(frame)
        label = labels[name].get(timeout=DEADLINE_S)
        assert (label.header, label.height, label.width) == (frame.header, *hw)
        np.testing.assert_array_equal(np.frombuffer(label.data, np.uint8), segmenter(to_rgb(frame)).label_map.ravel())
    assert all(received.empty() for received in labels.values())
    assert bench.peer.count_publishers('/sfnet/label') == 0

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    legends: queue.SimpleQueue[String] = queue.SimpleQueue()
    for topic in ('/sfnet/legend', '/sfnet/front/legend', '/sfnet/rear/legend'):
        bench.peer.create_subscription(String, topic, legends.put, latched)
    assert [json.loads(legends.get(timeout=DEADLINE_S).data)['model'] for _ in range(3)] == ['untrained_df1'] * 3


def test_frames_that_wait_together_run_as_one_batch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    gate.open.set()
    node = start_two(bench)
    gate.open.clear()
    gate.sizes.clear()
    labels = {name: bench.listen(f'/sfnet/{name}/label') for name in NAMES}
    cameras = {name: bench.camera(f'/{name}/image') for name in NAMES}
    cameras['front'].publish(camera_frame(stamp_ns=1))
    wait_until(lambda: gate.sizes == [1], 'the first frame is worked on')
    for name in NAMES:
        cameras[name].publish(camera_frame(stamp_ns=2))
    wait_for_received(bench, node, 3)
    gate.open.set()
    assert [labels['front'].get(timeout=DEADLINE_S).header.stamp.nanosec for _ in range(2)] == [1, 2]
    assert labels['rear'].get(timeout=DEADLINE_S).header.stamp.nanosec == 2
    assert gate.sizes == [1, 2]


def test_no_camera_starves_beside_one_that_never_pauses(bench: Bench) -> None:
    node = start_two(bench)
    labels = bench.listen('/sfnet/rear/label')
    front, rear = (bench.camera(f'/{name}/image') for name in NAMES)
    for stamp_ns in range(1, 11):
        for _ in range(10):
            front.publish(camera_frame(hw=(240, 320)))
        rear.publish(camera_frame(stamp_ns=stamp_ns))
        assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == stamp_ns
    front_vitals, rear_vitals = (state.vitals for state in node.state().cameras)
    # A frame is counted after its label.
    wait_until(lambda: rear_vitals.counts.processed == 10, 'the last frame is counted')
    assert rear_vitals.counts.dropped == 0
    wait_until(lambda: front_vitals.counts.processed > 0, 'frames of the other camera are counted')


def test_frames_that_fail_together_each_get_a_try_of_their_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    gate.open.set()
    node = start_two(bench)
    gate.open.clear()
    gate.sizes.clear()
    waits_for_gate = Segmenter.batch

    def has_no_memory_for_two(
        segmenter: Segmenter, frames: Sequence[NDArray[np.uint8]], *others: Any
    ) -> list[Segmentation]:
        segmentations = waits_for_gate(segmenter, frames, *others)
        if len(frames) > 1:
            raise RuntimeError('out of memory')
        return segmentations

    monkeypatch.setattr(Segmenter, 'batch', has_no_memory_for_two)
    labels = {name: bench.listen(f'/sfnet/{name}/label') for name in NAMES}
    cameras = {name: bench.camera(f'/{name}/image') for name in NAMES}
    cameras['front'].publish(camera_frame(stamp_ns=1))
    wait_until(lambda: gate.sizes == [1], 'the first frame is worked on')
    for name in NAMES:
        cameras[name].publish(camera_frame(stamp_ns=2))
    wait_for_received(bench, node, 3)
    gate.open.set()
    assert [labels['front'].get(timeout=DEADLINE_S).header.stamp.nanosec for _ in range(2)] == [1, 2]
    assert labels['rear'].get(timeout=DEADLINE_S).header.stamp.nanosec == 2
    assert node.counts.failed == 0


def test_garbage_from_one_camera_does_not_keep_another_from_its_labels(bench: Bench) -> None:
    node = start_two(bench)
    labels = bench.listen('/sfnet/rear/label')
    front, rear = (bench.camera(f'/{name}/image') for name in NAMES)
    for stamp_ns in range(1, 6):
        front.publish(Image(encoding='rgb9', height=2**31, width=7))
        rear.publish(camera_frame(stamp_ns=stamp_ns))
        assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == stamp_ns
        # Before the next takes its place.
        wait_until(lambda wanted=stamp_ns: node.counts.malformed == wanted, 'the garbage is counted')
    assert {state.name: state.vitals.counts.malformed for state in node.state().cameras} == {'front': 5, 'rear': 0}


def test_what_is_wrong_with_each_camera_is_told_though_another_s_fault_was_told_just_before(bench: Bench) -> None:
    logs = bench.logs()
    start_two(bench)
    for name in NAMES:
        bench.camera(f'/{name}/image').publish(Image(encoding=f'of {name}'))
        assert name in sentence(logs, f'dropped a malformed frame of /{name}/image')


def test_the_newest_calibration_is_published_under_the_frame_s_header(bench: Bench) -> None:
    reliable = {'qos_overrides./front/camera_info.subscription.reliability': 'reliable'}
    node = bench.start('-r', 'image:=/front/image_raw', camera='/front/image_raw', **reliable)
    infos, camera = bench.listen('/sfnet/camera_info', CameraInfo), bench.camera('/front/image_raw')
    calibration = bench.camera('/front/camera_info', CameraInfo)
    (input_,) = (each.input for each in node.cameras)
    for stamp_ns, focal_px in enumerate((50.0, 60.0, 70.0), 1):
        info = CameraInfo(header=Header(frame_id='elsewhere'), height=60, width=80)
        info.k = [focal_px, 0.0, 40.0, 0.0, focal_px, 30.0, 0.0, 0.0, 1.0]
        calibration.publish(info)
        wait_until(
            lambda wanted=focal_px: input_.camera_info is not None and input_.camera_info.k[0] == wanted,
            'the calibration has come',
        )
        frame = camera_frame('front_optical', stamp_ns=stamp_ns)
        camera.publish(frame)
        received = infos.get(timeout=DEADLINE_S)
        assert (received.header, received.k[0]) == (frame.header, focal_px)


def test_the_robot_s_own_body_is_255_in_the_labels_of_each_camera(bench: Bench, tmp_path: Path) -> None:
    masks = {'front': np.zeros((6, 8), np.uint8), 'rear': np.zeros((12, 16), np.uint8)}
    masks['front'][3:] = 255
    masks['rear'][:, 8:] = 1
    for name, mask in masks.items():
        cv2.imwrite(str(tmp_path / f'{name}.png'), mask)
    start_two(bench, ignore_mask=str(tmp_path / '{camera}.png'))
    labels = {name: bench.listen(f'/sfnet/{name}/label') for name in NAMES}
    for name, mask in masks.items():
        bench.camera(f'/{name}/image').publish(camera_frame())
        label = labels[name].get(timeout=DEADLINE_S)
        own_body = cv2.resize(mask, (80, 60), interpolation=cv2.INTER_NEAREST) > 0
        np.testing.assert_array_equal(np.frombuffer(label.data, np.uint8).reshape(60, 80) == 255, own_body)


def test_a_mask_of_another_shape_than_the_frames_is_told(bench: Bench, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'mask.png'), np.zeros((9, 16), np.uint8))
    logs = bench.logs()
    bench.start(ignore_mask=str(tmp_path / 'mask.png'))
    bench.camera().publish(camera_frame())
    told = sentence(logs, 'is stretched')
    assert told == 'the ignore_mask of 9 x 16 px is stretched to frames of 60 x 80 px, on /image'


def test_a_camera_that_changes_vanishes_and_returns_is_served_with_its_next_good_frame(bench: Bench) -> None:
    bench.start()
    labels, camera = bench.listen(), bench.camera()
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    images = [
        camera_frame(stamp_ns=1),
        camera_frame(hw=(33, 200), stamp_ns=2),
        image_message(Header(), pixels[:, :, 0]),
        Image(encoding='bayer_rggb8', height=48, width=64, step=64, data=pixels[:, :, 0].tobytes()),
        Image(encoding='bgr8', height=48, width=64, step=192, data=pixels.tobytes()),
        Image(encoding='yuv422_yuy2', height=48, width=64, step=128, data=pixels[:, :, :2].tobytes()),
        camera_frame(hw=(60, 80), stamp_ns=3),
    ]
    for image in images:
        camera.publish(Image(encoding='nonsense', height=1, width=1))
        camera.publish(image)
        label = labels.get(timeout=DEADLINE_S)
        assert (label.header, label.height, label.width) == (image.header, image.height, image.width)

    bench.peer.destroy_publisher(camera)
    wait_until(lambda: bench.peer.count_publishers('/image') == 0, 'the camera is gone')
    camera = bench.camera()
    camera.publish(camera_frame(stamp_ns=4))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 4


def test_a_clock_that_jumps_back_as_when_a_bag_loops_does_no_harm(bench: Bench) -> None:
    node = bench.start(use_sim_time=True, max_rate=1000.0, silence_s=5.0)
    labels, camera = bench.listen(), bench.camera()
    clock = bench.camera('/clock', Clock)
    for _ in range(3):
        for second in (100, 200, 300):
            time = Clock()
            time.clock.sec = second
            clock.publish(time)
            wait_until(lambda wanted=second: node.get_clock().now().nanoseconds == wanted * 10**9, 'the clock is set')
            camera.publish(camera_frame(stamp_ns=second * 10**9 - 5_000_000))
            assert labels.get(timeout=DEADLINE_S).header.stamp.sec == second - 1
    (state,) = node.state().cameras
    assert state.vitals.summary().latency_ms['arrival age'].p99 == 5.0
