"""The node in this process: its topics over real DDS."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from sfnet_ros.pictures import colorize, overlay
from sfnet_ros.runtime import Segmenter, to_rgb

from ..bench import DEADLINE_S, Bench, camera_frame, wait_until


@pytest.fixture(scope='session')
def segmenter(model_folder: Path) -> Segmenter:
    return Segmenter.from_model(model_folder, backend='torch', device='cpu', precision='float32')


def pixels(message: Image) -> NDArray[np.uint8]:
    shape = (message.height, message.width) if message.encoding == 'mono8' else (message.height, message.width, 3)
    return np.frombuffer(message.data, np.uint8).reshape(shape)


def compressed(frame: Image) -> CompressedImage:
    ok, data = cv2.imencode('.png', to_rgb(frame)[:, :, ::-1])
    assert ok
    return CompressedImage(header=frame.header, format='png', data=data.tobytes())


def test_each_frame_gives_a_label_map_and_confidence_of_its_size_under_its_header(
    bench: Bench, segmenter: Segmenter
) -> None:
    bench.start()
    labels, confidences, camera = bench.listen(), bench.listen('/sfnet/confidence'), bench.camera()
    for stamp_ns, hw in enumerate([(60, 80), (61, 83), (33, 200), (60, 80)], 1_700_000_000_123_456_789):
        frame = camera_frame('front_optical', hw, stamp_ns=stamp_ns)
        camera.publish(frame)
        expected = segmenter(to_rgb(frame))
        for received, array in ((labels, expected.label_map), (confidences, expected.confidence)):
            message = received.get(timeout=DEADLINE_S)
            assert serialize_message(message.header) == serialize_message(frame.header)
            assert (message.encoding, message.height, message.width, message.step) == ('mono8', *hw, hw[1])
            np.testing.assert_array_equal(pixels(message), array)


def test_pictures_are_what_the_library_paints(bench: Bench, segmenter: Segmenter) -> None:
    bench.start(overlay_alpha=0.25)
    colors, overlays, camera = bench.listen('/sfnet/color'), bench.listen('/sfnet/overlay'), bench.camera()
    frame = camera_frame()
    camera.publish(frame)
    label_map, space = segmenter(to_rgb(frame)).label_map, segmenter.label_space
    for received, picture in (
        (colors, colorize(label_map, space)),
        (overlays, overlay(to_rgb(frame), label_map, space, 0.25)),
    ):
        message = received.get(timeout=DEADLINE_S)
        assert (message.header, message.encoding, message.step) == (frame.header, 'rgb8', 240)
        np.testing.assert_array_equal(pixels(message), picture)


def test_a_change_of_overlay_alpha_shows_on_the_next_frame(bench: Bench) -> None:
    bench.start()
    overlays, camera = bench.listen('/sfnet/overlay'), bench.camera()
    assert bench.set_parameter('overlay_alpha', 0.0) == (True, '')
    frame = camera_frame()
    camera.publish(frame)
    np.testing.assert_array_equal(pixels(overlays.get(timeout=DEADLINE_S)), to_rgb(frame))


def test_compressed_frames_come_from_the_companion_of_the_remapped_topic(bench: Bench, segmenter: Segmenter) -> None:
    topic = '/front/image_raw/compressed'
    bench.start('-r', 'image:=/front/image_raw', camera=topic, image_transport='compressed')
    labels, camera = bench.listen(), bench.camera(topic, CompressedImage)
    frame = camera_frame(stamp_ns=5)
    camera.publish(compressed(frame))
    label = labels.get(timeout=DEADLINE_S)
    assert label.header == frame.header
    np.testing.assert_array_equal(pixels(label), segmenter(to_rgb(frame)).label_map)


def test_in_a_namespace_every_topic_moves_along(bench: Bench) -> None:
    bench.start('-r', '__ns:=/robot', camera='/robot/image')
    labels, camera = bench.listen('/robot/sfnet/label'), bench.camera('/robot/image')
    camera.publish(camera_frame(stamp_ns=9))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 9


def test_every_frame_of_a_burst_is_processed_or_a_counted_drop(bench: Bench) -> None:
    node = bench.start()
    labels, camera = bench.listen(), bench.camera()
    for stamp_ns in range(1, 51):
        camera.publish(camera_frame(hw=(240, 320), stamp_ns=stamp_ns))
    # The newest frame is never lost, neither on the way nor in the node.
    stamps = [labels.get(timeout=DEADLINE_S).header.stamp.nanosec]
    while stamps[-1] != 50:
        stamps.append(labels.get(timeout=DEADLINE_S).header.stamp.nanosec)
    assert stamps == sorted(set(stamps))
    wait_until(lambda: node.counts.processed == len(stamps), 'every label is counted')
    wait_until(lambda: node.counts.received == len(stamps) + node.counts.dropped, 'every frame without one is counted')


def test_topics_have_the_quality_of_service_that_consumers_expect(bench: Bench) -> None:
    node = bench.start(camera='/another_topic')
    (camera,) = node.get_subscriptions_info_by_topic('/image')
    assert camera.qos_profile.reliability.name == 'BEST_EFFORT'
    assert node.get_parameter('qos_overrides./image.subscription.depth').value == 1
    for name in ('label', 'confidence', 'color', 'overlay'):
        (publisher,) = node.get_publishers_info_by_topic(f'/sfnet/{name}')
        assert (publisher.qos_profile.reliability.name, publisher.qos_profile.durability.name) == (
            'RELIABLE',
            'VOLATILE',
        )


def test_quality_of_service_can_be_overridden(bench: Bench) -> None:
    node = bench.start(**{'qos_overrides./sfnet/label.publisher.reliability': 'best_effort'})
    (camera,) = node.get_subscriptions_info_by_topic('/image')
    (label,) = node.get_publishers_info_by_topic('/sfnet/label')
    assert camera.qos_profile.reliability.name == 'RELIABLE'
    assert label.qos_profile.reliability.name == 'BEST_EFFORT'
