"""The classes over real DDS: latched, and with every late joiner before its first label."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.segmentation.frame import SegmentedFrame
from sfnet_ros.ros.segmentation.outputs import Announcements, CameraOutputs, check_label_ids
from sfnet_ros.ros.segmentation.outputs.label_info import label_info_type
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime import Segmentation
from sfnet_ros.runtime.segmenter import Timing

from ..bench import DEADLINE_S, Bench, wait_until

CAMVID, CITYSCAPES = LabelSpace.load('camvid'), LabelSpace.load('cityscapes')
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
LATE_JOINERS = 20


def first_to_come(bench: Bench, topic: str, message_type: type[Any]) -> str:
    """Subscribe to labels and classes, wait for both, and say which came first."""
    heard: list[str] = []
    peer = bench.peer
    subscriptions = [
        # The labels first, as what is subscribed to first is found first.
        peer.create_subscription(Image, '/sfnet/label', lambda _: heard.append('label'), 5),
        peer.create_subscription(message_type, topic, lambda _: heard.append('classes'), LATCHED),
    ]
    wait_until(lambda: {'label', 'classes'} <= set(heard), f'labels and {topic} come')
    for subscription in subscriptions:
        peer.destroy_subscription(subscription)
    return heard[0]


@contextmanager
def labels_at_100_hz(outputs: CameraOutputs, parameters: NodeParameters) -> Iterator[None]:
    labels = np.zeros((4, 4), np.uint8)
    segmentation = Segmentation(labels, labels, Timing(0.0, 0.0))
    frame = SegmentedFrame(Header(), np.zeros((4, 4, 3), np.uint8), segmentation, CAMVID, parameters)
    ended = threading.Event()

    def publish() -> None:
        while not ended.wait(0.01):
            outputs.publish(frame)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(DEADLINE_S)


def labels_before_classes(bench: Bench, topic: str, message_type: type[Any]) -> int:
    """Let one subscriber after the other come to a stream of labels, and count whom a label reached first."""
    node, parameters = bench.join('sfnet'), NodeParameters()
    announcements = Announcements(node)
    announcements.announce('df1_camvid', CAMVID, parameters)
    outputs = CameraOutputs(node, '~', parameters, classes_arrived=lambda: announcements.have_arrived)
    with labels_at_100_hz(outputs, parameters):
        return [first_to_come(bench, topic, message_type) for _ in range(LATE_JOINERS)].count('label')


def test_every_late_joiner_has_the_legend_before_its_first_label(bench: Bench) -> None:
    assert labels_before_classes(bench, '/sfnet/legend', String) == 0


@pytest.mark.ros_full
def test_every_late_joiner_has_the_label_info_before_its_first_label(bench: Bench) -> None:
    assert labels_before_classes(bench, '/sfnet/label_info', label_info()) == 0


def label_info() -> type[Any]:
    message_type = label_info_type()
    assert message_type is not None, 'install vision_msgs'
    return message_type


def latched(bench: Bench, topic: str, message_type: type[Any]) -> Any:
    """Come late, and get what was published before."""
    received: queue.SimpleQueue[Any] = queue.SimpleQueue()
    bench.peer.create_subscription(message_type, topic, received.put, LATCHED)
    return received.get(timeout=DEADLINE_S)


def test_the_legend_tells_the_newest_classes_to_whoever_comes(bench: Bench) -> None:
    announcements = Announcements(bench.join('sfnet'), '~/front')
    announcements.announce('df1_camvid', CAMVID, NodeParameters())
    announcements.announce('df1_city', CITYSCAPES, NodeParameters(label_ids='dataset', filter_classes=('road',)))
    legend = json.loads(latched(bench, '/sfnet/front/legend', String).data)
    assert {key: legend[key] for key in ('model', 'label_space', 'ids', 'unlabelled')} == {
        'model': 'df1_city',
        'label_space': 'cityscapes',
        'ids': 'dataset',
        'unlabelled': 255,
    }
    assert [item['name'] for item in legend['classes']] == list(CITYSCAPES.names)
    assert [item['id'] for item in legend['classes']] == [item.label_ids[0] for item in CITYSCAPES.classes]
    assert legend['classes'][0] == {
        'id': 7,
        'name': 'road',
        'color': [128, 64, 128],
        'drivable': True,
        'obstacle': False,
        'dynamic': False,
    }


def test_what_announces_is_reliable_and_transient_local_and_is_withdrawn(bench: Bench) -> None:
    node = bench.join('sfnet')
    announcements = Announcements(node)
    topics = [f'/sfnet/{name}' for name in ('legend', 'label_info')]
    has_vision_msgs = label_info_type() is not None
    assert [node.count_publishers(topic) for topic in topics] == [1, int(has_vision_msgs)]
    (legend,) = node.get_publishers_info_by_topic('/sfnet/legend')
    assert legend.qos_profile.reliability.name == 'RELIABLE'
    assert legend.qos_profile.durability.name == 'TRANSIENT_LOCAL'
    announcements.close()
    wait_until(lambda: not any(map(node.count_publishers, topics)), 'both are withdrawn')


@pytest.mark.ros_full
@pytest.mark.parametrize('label_ids', ['train', 'dataset'])
def test_label_info_has_the_ids_of_the_labels_and_never_255(bench: Bench, label_ids: str) -> None:
    parameters = NodeParameters(label_ids=label_ids, confidence_threshold=0.25, filter_classes=('road',))
    Announcements(bench.join('sfnet')).announce('df1_city', CITYSCAPES, parameters)
    message = latched(bench, '/sfnet/label_info', label_info())
    ids = [item.label_ids[0] for item in CITYSCAPES.classes] if label_ids == 'dataset' else range(19)
    assert {item.class_id: item.class_name for item in message.class_map} == dict(
        zip(ids, CITYSCAPES.names, strict=True)
    )
    assert message.threshold == 0.25
    assert message.header.stamp.sec > 0


def test_a_dataset_id_of_255_is_refused_where_it_would_be_published() -> None:
    car = replace(CAMVID.classes[8], label_ids=(255, 8))
    space = LabelSpace('mine', (*CAMVID.classes[:8], car))
    check_label_ids(space, NodeParameters())
    with pytest.raises(ValueError, match=r"class 'Car' of mine has 255 as its first label id.*set label_ids to train"):
        check_label_ids(space, NodeParameters(label_ids='dataset'))
