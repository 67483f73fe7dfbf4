"""A camera's outputs over real DDS, made of a frame that no network had to see."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import colorize, flow_colors, overlay
from sfnet_ros.ros.camera_info import rescale
from sfnet_ros.ros.segmentation.frame import SegmentedFrame
from sfnet_ros.ros.segmentation.outputs import CameraOutputs
from sfnet_ros.ros.segmentation.outputs.table import OUTPUTS
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime import Segmentation, to_rgb
from sfnet_ros.runtime.segmenter import Timing

from ..bench import DEADLINE_S, Bench, wait_until

CAMVID = LabelSpace.load('camvid')
# Its dataset ids differ from its train ids, and it has one for what is no class.
CITYSCAPES = LabelSpace.load('cityscapes')
HW, LABEL_HW, NAV_HW = (48, 64), (24, 40), (12, 16)
TYPES = {output.name: output.message_type for output in OUTPUTS}


def segmented_frame(
    stamp_ns: int = 1, *, label_space: LabelSpace = CAMVID, camera_info: CameraInfo | None = None, **parameters: Any
) -> SegmentedFrame:
    """Make a frame whose pixels follow from its stamp, with labels of another size than its own."""
    random = np.random.default_rng(stamp_ns)
    label_map = random.integers(0, label_space.num_classes, LABEL_HW, np.uint8)
    label_map[:4] = 255
    segmentation = Segmentation(
        label_map,
        random.integers(0, 256, LABEL_HW, np.uint8),
        Timing(0.0, 0.0),
        probabilities=random.random((*LABEL_HW, label_space.num_classes), np.float32),
        flow=random.standard_normal((6, 10, 2), np.float32),
    )
    header = Header(frame_id='front_optical')
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 10**9)
    values = {'nav_height': NAV_HW[0], 'nav_width': NAV_HW[1], 'label_info_lead_ms': 0, **parameters}
    rgb = random.integers(0, 256, (*HW, 3), np.uint8)
    return SegmentedFrame(header, rgb, segmentation, label_space, NodeParameters(**values), camera_info)


class Station:
    """Advertise the outputs of a camera on a node of their own, and listen to them at the other end."""

    def __init__(
        self, bench: Bench, prefix: str = '~', classes_arrived: Callable[[], bool] = lambda: True, **parameters: Any
    ) -> None:
        self.bench = bench
        self.node = bench.join('sfnet')
        self.changes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.outputs = CameraOutputs(
            self.node, prefix, NodeParameters(**parameters), lambda: self.changes.put(None), classes_arrived
        )

    def listen(self, name: str) -> queue.SimpleQueue[Any]:
        """Subscribe to an output, and wait until both ends know and that has been noticed."""
        received = self.bench.listen(f'/sfnet/{name}', TYPES[name])
        self.changes.get(timeout=DEADLINE_S)
        return received

    def leave(self, name: str) -> None:
        """End the first subscription to an output, and wait until both ends know and that has been noticed."""
        peer, topic = self.bench.peer, f'/sfnet/{name}'
        (publisher,) = (item for item in self.node.publishers if item.topic_name == topic)
        before = publisher.get_subscription_count()
        peer.destroy_subscription(next(item for item in peer.subscriptions if item.topic_name == topic))
        wait_until(lambda: publisher.get_subscription_count() < before, f'{name} has one listener less')
        # The middleware may tell of one change twice.
        self.changes.get(timeout=DEADLINE_S)


@pytest.fixture
def station(bench: Bench) -> Station:
    return Station(bench)


def nearest(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = (np.arange(n) * of // n for n, of in zip(NAV_HW, LABEL_HW, strict=True))
    return values[np.ix_(rows, columns)]


def calibration() -> CameraInfo:
    k = [50.0, 0.0, 32.0, 0.0, 50.0, 24.0, 0.0, 0.0, 1.0]
    p = [50.0, 0.0, 32.0, 0.0, 0.0, 50.0, 24.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    return CameraInfo(header=Header(frame_id='older'), height=HW[0], width=HW[1], k=k, p=p)


def test_every_output_carries_its_frame_s_header_and_what_the_library_makes_of_it(station: Station) -> None:
    received = {name: station.listen(name) for name in TYPES}
    frame = segmented_frame(1_700_000_000_123_456_789, camera_info=calibration(), overlay_alpha=0.25)
    station.outputs.publish(frame)
    messages = {name: messages.get(timeout=DEADLINE_S) for name, messages in received.items()}
    wire = serialize_message(frame.header)
    assert {name for name, message in messages.items() if serialize_message(message.header) != wire} == set()

    labels, confidence = frame.segmentation.label_map, frame.segmentation.confidence
    small = np.asarray(cv2.resize(frame.rgb, LABEL_HW[::-1], interpolation=cv2.INTER_AREA))
    painted = overlay(small, labels, CAMVID, 0.25)
    assert frame.segmentation.flow is not None
    expected = {
        'label': ('mono8', labels),
        'confidence': ('mono8', confidence),
        'nav/label': ('mono8', nearest(labels)),
        'nav/confidence': ('mono8', nearest(confidence)),
        'color': ('rgb8', colorize(labels, CAMVID)),
        'overlay': ('rgb8', painted),
        'probabilities': ('32FC11', frame.segmentation.probabilities),
        'flow': ('rgb8', cv2.resize(flow_colors(frame.segmentation.flow), LABEL_HW[::-1])),
    }
    for name, (encoding, array) in expected.items():
        message = messages[name]
        assert (message.encoding, message.height, message.width) == (encoding, *array.shape[:2]), name
        assert message.step * message.height == len(message.data) == array.nbytes, name
        np.testing.assert_array_equal(np.frombuffer(message.data, array.dtype).reshape(array.shape), array)

    np.testing.assert_array_equal(to_rgb(messages['label/compressed'])[:, :, 0], labels)
    assert np.abs(to_rgb(messages['overlay/compressed']).astype(int) - painted).mean() < 30
    for name, hw in (('camera_info', LABEL_HW), ('nav/camera_info', NAV_HW)):
        wanted = rescale(calibration(), HW, hw)
        wanted.header = frame.header
        assert messages[name] == wanted
    assert expected.keys() | {'label/compressed', 'overlay/compressed', 'camera_info', 'nav/camera_info'} == set(TYPES)


def test_outputs_are_made_for_those_who_listen_only_and_the_label_comes_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def noted(name: str, message: Callable[..., Any]) -> Callable[..., Any]:
        return lambda of: (made.append(name), message(of))[1]

    monkeypatch.setattr(
        'sfnet_ros.ros.segmentation.outputs.table.OUTPUTS',
        tuple(replace(output, message=noted(output.name, output.message)) for output in OUTPUTS),
    )
    station = Station(bench)
    station.outputs.publish(segmented_frame())
    assert made == ['label']
    station.listen('overlay')
    station.listen('confidence')
    station.outputs.publish(segmented_frame())
    assert made == ['label', 'label', 'confidence', 'overlay']


def test_listeners_are_noticed_when_they_come_and_go(station: Station) -> None:
    assert (station.outputs.has_listeners, station.outputs.wants_details) == (False, False)
    for name, wants_details in (('confidence', False), ('flow', True)):
        station.listen(name)
        assert (station.outputs.has_listeners, station.outputs.wants_details) == (True, wants_details)
    for name, has_listeners in (('flow', True), ('confidence', False)):
        station.leave(name)
        assert (station.outputs.has_listeners, station.outputs.wants_details) == (has_listeners, False)


def test_details_come_with_the_first_frame_that_has_them(station: Station) -> None:
    probabilities = station.listen('probabilities')
    frame = segmented_frame(1)
    station.outputs.publish(replace(frame, segmentation=replace(frame.segmentation, probabilities=None, flow=None)))
    station.outputs.publish(segmented_frame(2))
    assert probabilities.get(timeout=DEADLINE_S).header.stamp.nanosec == 2


def test_dataset_ids_are_published_everywhere_and_255_stays_255(station: Station) -> None:
    received = {name: station.listen(name) for name in ('label', 'nav/label', 'label/compressed', 'color')}
    frame = segmented_frame(label_space=CITYSCAPES, label_ids='dataset')
    station.outputs.publish(frame)
    train_ids = frame.segmentation.label_map
    ids = CITYSCAPES.to_label_ids(train_ids)
    assert 0 in ids[:4]
    ids[:4] = 255
    label, nav_label, png, color = (messages.get(timeout=DEADLINE_S) for messages in received.values())
    np.testing.assert_array_equal(np.reshape(label.data, LABEL_HW), ids)
    np.testing.assert_array_equal(np.reshape(nav_label.data, NAV_HW), nearest(ids))
    np.testing.assert_array_equal(to_rgb(png)[:, :, 0], ids)
    np.testing.assert_array_equal(to_rgb(color), colorize(train_ids, CITYSCAPES))


def test_small_labels_are_advertised_unless_their_size_is_0(bench: Bench) -> None:
    with_nav = {item.topic_name for item in Station(bench, '~/front').node.publishers}
    without = {item.topic_name for item in Station(bench, '~/rear', nav_width=0).node.publishers}
    assert {f'/sfnet/front/{name}' for name in TYPES} <= with_nav
    rear = {name for name in TYPES if not name.startswith('nav/')}
    assert {name for name in without if name.startswith('/sfnet/rear/')} == {f'/sfnet/rear/{name}' for name in rear}


def test_what_cannot_be_made_is_said_and_keeps_nothing_else_from_going_out(station: Station) -> None:
    logs = station.bench.logs()
    received = [station.listen(name) for name in ('camera_info', 'label', 'overlay/compressed')]
    infos, labels, overlays = received
    without_size = calibration()
    without_size.width = 0
    station.outputs.publish(segmented_frame(1, camera_info=without_size))
    station.outputs.publish(segmented_frame(2))
    station.outputs.publish(segmented_frame(3, camera_info=calibration()))
    assert [labels.get(timeout=DEADLINE_S).header.stamp.nanosec for _ in range(3)] == [1, 2, 3]
    assert [overlays.get(timeout=DEADLINE_S).header.stamp.nanosec for _ in range(3)] == [1, 2, 3]
    assert infos.get(timeout=DEADLINE_S).header.stamp.nanosec == 3
    while '/sfnet/camera_info: the CameraInfo is for pictures of 48 rows and 0 columns' not in (
        logs.get(timeout=DEADLINE_S).msg
    ):
        pass


def test_topics_have_the_quality_of_service_that_consumers_expect_and_it_can_be_overridden(bench: Bench) -> None:
    node = bench.join('sfnet', **{'qos_overrides./sfnet/nav/label.publisher.reliability': 'best_effort'})
    CameraOutputs(node, '~', NodeParameters())
    for name in TYPES:
        (publisher,) = node.get_publishers_info_by_topic(f'/sfnet/{name}')
        profile = publisher.qos_profile
        reliability = 'BEST_EFFORT' if name == 'nav/label' else 'RELIABLE'
        assert (profile.reliability.name, profile.durability.name) == (reliability, 'VOLATILE'), name
        assert node.get_parameter(f'qos_overrides./sfnet/{name}.publisher.depth').value == 5


class Clock:
    """Be the time by which labels pause, which passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr('sfnet_ros.ros.segmentation.outputs.topic.time', clock)
    return clock


def stamps_of(received: queue.SimpleQueue[Any], count: int) -> list[int]:
    return [received.get(timeout=DEADLINE_S).header.stamp.nanosec for _ in range(count)]


def test_a_label_topic_pauses_for_a_new_subscriber_while_the_others_go_on(station: Station, clock: Clock) -> None:
    pausing = {'label_info_lead_ms': 300}
    nav_labels, confidences = station.listen('nav/label'), station.listen('confidence')
    station.outputs.publish(segmented_frame(1, **pausing))
    assert station.outputs.held == 1
    clock.now_s += 0.31
    labels = station.listen('label')
    for stamp_ns in (2, 3):
        station.outputs.publish(segmented_frame(stamp_ns, **pausing))
        clock.now_s += 0.14
    station.outputs.publish(segmented_frame(4, **pausing))
    assert station.outputs.held == 4
    clock.now_s += 0.14
    station.outputs.publish(segmented_frame(5, **pausing))
    assert stamps_of(labels, 1) == [5]
    assert stamps_of(nav_labels, 4) == [2, 3, 4, 5]
    assert stamps_of(confidences, 5) == [1, 2, 3, 4, 5]
    assert station.outputs.held == 4


def test_labels_wait_longer_for_classes_that_have_not_arrived_but_not_for_ever(bench: Bench, clock: Clock) -> None:
    arrived = threading.Event()
    station = Station(bench, classes_arrived=arrived.is_set)
    pausing = {'label_info_lead_ms': 100}
    labels = station.listen('label')
    for stamp_ns, after_s in ((1, 0.11), (2, 0.68), (3, 0.02)):
        clock.now_s += after_s
        station.outputs.publish(segmented_frame(stamp_ns, **pausing))
    assert stamps_of(labels, 1) == [3]
    others = station.listen('label')
    clock.now_s += 0.11
    station.outputs.publish(segmented_frame(4, **pausing))
    assert station.outputs.held == 3
    arrived.set()
    station.outputs.publish(segmented_frame(5, **pausing))
    assert (stamps_of(labels, 1), stamps_of(others, 1)) == ([5], [5])


def test_who_leaves_pauses_nothing_and_who_takes_the_place_of_another_does(station: Station, clock: Clock) -> None:
    pausing = {'label_info_lead_ms': 200}
    labels = [station.listen('label') for _ in range(2)]
    clock.now_s += 0.21
    station.outputs.publish(segmented_frame(1, **pausing))
    assert [stamps_of(received, 1) for received in labels] == [[1], [1]]
    station.leave('label')
    station.outputs.publish(segmented_frame(2, **pausing))
    assert stamps_of(labels[1], 1) == [2]
    station.leave('label')
    station.listen('label')
    station.outputs.publish(segmented_frame(3, **pausing))
    assert station.outputs.held == 1
