"""What consumers of labels and clouds rely on, held against what both nodes really publish."""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import String

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.cloud.node import SemanticCloudNode

from .bench import DEADLINE_S, Bench, camera_frame, wait_until
from .cloud.scene import camera_info, image, points_of

CONFIG = Path(__file__).parents[2] / 'config'
HW, NAV_HW = (96, 128), (60, 106)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# As the consumers subscribe: best effort matches every publisher, reliable only reliable ones.
SENSOR_DATA = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)

TOPICS: dict[str, type[Any]] = {
    '/sfnet/label': Image,
    '/sfnet/confidence': Image,
    '/sfnet/camera_info': CameraInfo,
    '/sfnet/nav/label': Image,
    '/sfnet/nav/confidence': Image,
    '/sfnet/nav/camera_info': CameraInfo,
    '/sfnet/probabilities': Image,
    '/semantic_cloud/points': PointCloud2,
    '/semantic_cloud/obstacles': PointCloud2,
}


class Received:
    """Hold one frame's messages from both nodes, and what they were made of."""

    def __init__(self, bench: Bench, stamp_ns: int) -> None:
        nav = [
            *('-r', 'label:=/sfnet/nav/label', '-r', 'confidence:=/sfnet/nav/confidence'),
            *('-r', 'camera_info:=/camera_info', '-r', 'legend:=/sfnet/legend'),
        ]
        inputs = ('/sfnet/nav/label', '/sfnet/nav/confidence', '/depth', '/camera_info')
        reliable: dict[str, Any] = {f'qos_overrides.{topic}.subscription.reliability': 'reliable' for topic in inputs}
        sizes = {'nav_height': NAV_HW[0], 'nav_width': NAV_HW[1]}
        info_qos = {'qos_overrides./camera_info.subscription.reliability': 'reliable'}
        self.sfnet = bench.start(**sizes, **info_qos)
        self.cloud = bench.run(SemanticCloudNode, *nav, **reliable, camera_height=1.0, max_obstacle_range=100.0)
        self.legends: queue.SimpleQueue[Any] = queue.SimpleQueue()
        bench.peer.create_subscription(String, '/sfnet/legend', self.legends.put, LATCHED)
        heard = {topic: bench.listen(topic, kind) for topic, kind in TOPICS.items()}
        infos, depths = bench.camera('/camera_info', CameraInfo), bench.camera('/depth')
        wait_until(lambda: infos.get_subscription_count() == 2, 'both nodes listen to the calibration')
        camera = bench.camera()
        infos.publish(camera_info(HW, 100.0))
        inputs_heard = self.cloud._inputs._heard
        wait_until(lambda: inputs_heard['camera_info'] > 0 and inputs_heard['legend'] > 0, 'the cloud knows both')
        (own,) = self.sfnet.cameras
        wait_until(lambda: own.input.camera_info is not None, 'the segmentation node knows the calibration')
        self.depth = np.full(HW, 3.0, np.float32)
        self.depth[:, :64] = np.nan
        self.frame = camera_frame('camera_optical', HW, stamp_ns=stamp_ns)
        depths.publish(image(self.depth, stamp_ns))
        camera.publish(self.frame)
        self.messages = {topic: received.get(timeout=DEADLINE_S) for topic, received in heard.items()}


@pytest.fixture
def received(bench: Bench) -> Received:
    return Received(bench, stamp_ns=1_700_000_000_123_456_789)


def test_both_nodes_keep_what_costmaps_rely_on(received: Received) -> None:
    messages = received.messages
    # Stamps are matched exactly: every header is the camera's, bit for bit.
    for message in messages.values():
        assert serialize_message(message.header) == serialize_message(received.frame.header)
    for prefix, (height, width) in {'/sfnet': HW, '/sfnet/nav': NAV_HW}.items():
        label, confidence = messages[f'{prefix}/label'], messages[f'{prefix}/confidence']
        # The semantic layer indexes v * width + u, whatever encoding and step say, and does not check lengths.
        for plane in (label, confidence):
            assert (plane.encoding, plane.height, plane.width, plane.step) == ('mono8', height, width, width)
            assert len(plane.data) == height * width
        info = messages[f'{prefix}/camera_info']
        assert (info.height, info.width) == (height, width)
        assert info.k[0] == pytest.approx(100.0 * width / HW[1])
        assert info.k[4] == pytest.approx(100.0 * height / HW[0])
    # The small labels are the nearest of the large ones: no class that was not there.
    large, small = (np.frombuffer(messages[f'/sfnet{name}/label'].data, np.uint8) for name in ('', '/nav'))
    assert set(small) <= set(large)


def test_the_cloud_is_organised_as_the_labels_with_nan_in_place(received: Received) -> None:
    cloud, label = received.messages['/semantic_cloud/points'], received.messages['/sfnet/nav/label']
    assert (cloud.height, cloud.width) == (label.height, label.width)
    assert [(item.name, item.datatype, item.count) for item in cloud.fields[:3]] == [
        (name, 7, 1) for name in ('x', 'y', 'z')
    ]
    points = points_of(cloud)
    assert points['label'].astype(np.uint8).tobytes() == bytes(label.data)
    assert points['confidence'].tobytes() == bytes(received.messages['/sfnet/nav/confidence'].data)
    half = label.width // 2
    assert np.isnan(points['z'][:, :half]).all()
    assert (points['z'][:, half:] == 3.0).all()
    obstacles = points_of(received.messages['/semantic_cloud/obstacles'])[0]
    roles = [item.obstacle for item in LabelSpace.load('camvid').classes]
    assert all(roles[label_id] for label_id in obstacles['label'])
    assert np.isfinite([obstacles[name] for name in 'xyz']).all()


def test_classes_are_latched_and_everything_is_reliable(received: Received) -> None:
    legend = json.loads(received.legends.get(timeout=DEADLINE_S).data)
    # 255, which unlabelled pixels have, is not among them.
    assert {item['id']: item['name'] for item in legend['classes']} == dict(enumerate(LabelSpace.load('camvid').names))
    (publisher,) = received.sfnet.get_publishers_info_by_topic('/sfnet/legend')
    qos = publisher.qos_profile
    assert (qos.reliability.name, qos.durability.name) == ('RELIABLE', 'TRANSIENT_LOCAL')
    message = received.messages['/sfnet/probabilities']
    classes = LabelSpace.load('camvid').num_classes
    assert (message.encoding, message.step) == (f'32FC{classes}', message.width * classes * 4)
    values = np.frombuffer(message.data, np.float32).reshape(message.height, message.width, classes)
    np.testing.assert_allclose(values.sum(axis=2), 1, atol=1e-2)
    for topic in TOPICS:
        node = received.sfnet if topic.startswith('/sfnet') else received.cloud
        (publisher,) = node.get_publishers_info_by_topic(topic)
        # elevation_mapping_cupy subscribes reliable, and would never match a best-effort publisher.
        assert publisher.qos_profile.reliability.name == 'RELIABLE', topic


def snippet(name: str) -> dict[str, Any]:
    content = yaml.safe_load((CONFIG / 'nav2' / name).read_text())
    parameters: dict[str, Any] = content['local_costmap']['local_costmap']['ros__parameters']
    return parameters


def test_the_snippets_read_topics_that_there_are() -> None:
    names = {'obstacle_layer.yaml', 'voxel_layer.yaml', 'spatio_temporal_voxel_layer.yaml', 'semantic_layer.yaml'}
    assert {path.name for path in (CONFIG / 'nav2').iterdir()} == names | {'lifecycle_manager.yaml'}
    for name in sorted(names):
        parameters = snippet(name)
        layer = parameters[parameters['plugins'][0]]
        for source in layer['observation_sources'].split():
            topics = {value for key, value in layer[source].items() if key == 'topic' or key.endswith('_topic')}
            assert topics
            assert topics <= {*TOPICS, '/sfnet/label_info'}, name


@pytest.mark.parametrize('name', ['obstacle_layer', 'voxel_layer'])
def test_a_layer_leaves_heights_to_its_sources(name: str) -> None:
    # Nav2's layers drop what is below their own limit, 0.0 unless given: on a ground plane half of the obstacles.
    layer = snippet(f'{name}.yaml')[name]
    assert layer['min_obstacle_height'] <= min(layer[s]['min_obstacle_height'] for s in ('obstacles', 'everything'))


def test_the_semantic_layer_knows_every_class_of_the_shipped_model_once() -> None:
    camera = snippet('semantic_layer.yaml')['semantic_layer']['camera']
    listed = [name for kind in camera['class_types'] for name in camera[kind]['classes']]
    assert sorted(listed) == sorted(LabelSpace.load('camvid').names)
    assert all(0 <= camera[kind]['base_cost'] <= camera[kind]['max_cost'] <= 254 for kind in camera['class_types'])


def test_the_lifecycle_manager_asks_for_no_bond() -> None:
    content = yaml.safe_load((CONFIG / 'nav2' / 'lifecycle_manager.yaml').read_text())['/**']['ros__parameters']
    assert content['node_names'] == ['sfnet', 'semantic_cloud']
    assert content['bond_timeout'] == 0.0
