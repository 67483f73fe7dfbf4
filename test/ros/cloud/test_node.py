"""The semantic cloud node over real DDS, in numbers worked by hand."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from nav_msgs.msg import OccupancyGrid
from rclpy.serialization import serialize_message
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

from sfnet_ros.ros.cloud.node import SemanticCloudNode

from ..bench import DEADLINE_S, Bench, wait_until
from .scene import CAR, FOCAL, HW, ROAD, UNLABELLED, Robot, camera_info, header, image, points_of

POINTS, OBSTACLES, DRIVABLE = '/semantic_cloud/points', '/semantic_cloud/obstacles', '/semantic_cloud/drivable'


@pytest.fixture
def labels() -> np.ndarray:
    label_map = np.full(HW, ROAD, np.uint8)
    label_map[2:4, 2:5] = CAR
    label_map[0] = UNLABELLED
    return label_map


def test_every_pixel_becomes_a_point_in_its_place(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate()
    depth = np.full(HW, 2000, np.uint16)
    depth[5, 7] = 0
    stamp_ns = 1_700_000_000_123_456_789
    robot.see(labels, depth, stamp_ns)
    cloud = clouds.get(timeout=DEADLINE_S)
    assert serialize_message(cloud.header) == serialize_message(header(stamp_ns))
    assert (cloud.height, cloud.width, cloud.is_dense) == (*HW, False)
    assert [item.name for item in cloud.fields] == ['x', 'y', 'z', 'rgb', 'label', 'confidence']
    points = points_of(cloud)
    np.testing.assert_array_equal(points['label'], labels)
    assert (points['confidence'] == 200).all()
    # 2 m away, a pixel is half a metre wide; the axis is between columns 3 and 4.
    assert points['x'][3].tolist() == [-1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75]
    assert points['y'][:, 3].tolist() == [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25]
    # What has no measurement stays in its place.
    assert np.isnan([points[name][5, 7] for name in 'xyz']).all()
    assert np.isfinite(points['z']).sum() == HW[0] * HW[1] - 1
    colors = points['rgb'].view(np.uint32)
    assert (colors[3, 3], colors[5, 0], colors[0, 0]) == (0x400080, 0x804080, 0)


def test_obstacles_are_the_points_of_their_classes_within_range_and_heights(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench, min_obstacle_height=0.5, max_obstacle_range=4.0)
    clouds = bench.listen(OBSTACLES, PointCloud2)
    robot.calibrate()
    depth = np.full(HW, 2.0, np.float32)
    depth[2, 2], depth[2, 3] = 5.0, np.nan
    robot.see(labels, depth)
    cloud = clouds.get(timeout=DEADLINE_S)
    # Of the car's six pixels one is too far and one without depth; those of row 3 are 0.75 m high.
    assert (cloud.height, cloud.width, cloud.is_dense) == (1, 4, True)
    points = points_of(cloud)[0]
    assert points['label'].tolist() == [CAR] * 4
    assert sorted(zip(points['x'].tolist(), points['y'].tolist(), strict=True)) == [
        (-0.75, 0.25),
        (-0.25, 0.25),
        (0.25, -0.25),
        (0.25, 0.25),
    ]
    # Limits can change while the node runs.
    assert bench.set_parameter('min_obstacle_height', 1.0, '/semantic_cloud') == (True, '')
    robot.see(labels, depth, 2)
    assert clouds.get(timeout=DEADLINE_S).width == 1
    robot.see(np.full(HW, ROAD, np.uint8), depth, 3)
    empty = clouds.get(timeout=DEADLINE_S)
    assert (empty.height, empty.width, len(empty.data)) == (1, 0, 0)


def test_depth_of_another_size_is_sampled_and_its_calibration_scaled(bench: Bench) -> None:
    robot = Robot(bench, use_confidence=False)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate(camera_info((12, 16), 2 * FOCAL))
    depth = np.repeat(np.repeat(np.arange(1, 49, dtype='>u2').reshape(HW), 2, axis=0), 2, axis=1)
    robot.see(np.full(HW, ROAD, np.uint8), depth)
    points = points_of(clouds.get(timeout=DEADLINE_S))
    np.testing.assert_allclose(points['z'], np.arange(1, 49).reshape(HW) / 1000, rtol=1e-6)
    # Half the focal length at half the size: columns are 1 / FOCAL apart at one metre.
    np.testing.assert_allclose(np.diff(points['x'] / points['z'], axis=1), 1 / FOCAL, rtol=1e-4)
    assert (points['confidence'] == 255).all()


def test_points_take_the_colours_of_the_image_where_that_is_asked_for(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench, color='image', label_space='camvid')
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate()
    pixels = np.zeros((12, 16, 3), np.uint8)
    pixels[:, :] = (1, 2, 3)
    robot.see(labels, np.ones(HW, np.float32), image=pixels)
    assert (points_of(clouds.get(timeout=DEADLINE_S))['rgb'].view(np.uint32) == 0x010203).all()


def test_without_depth_the_ground_is_a_plane(bench: Bench) -> None:
    # 45 degrees down from 1 m up: the optical axis meets the ground 1 m ahead.
    robot = Robot(bench, mode='ground_plane', camera_pitch=float(np.pi / 4), grid_range=2.0, base_frame='base')
    grids, clouds = bench.listen(DRIVABLE, OccupancyGrid), bench.listen(POINTS, PointCloud2)
    obstacles = bench.listen(OBSTACLES, PointCloud2)
    robot.calibrate(camera_info((60, 80), 40.0))
    label_map = np.full((60, 80), ROAD, np.uint8)
    label_map[:, :40] = CAR
    robot.see(label_map, stamp_ns=5)
    grid = grids.get(timeout=DEADLINE_S)
    assert (grid.header.frame_id, grid.header.stamp.nanosec) == ('base', 5)
    assert (grid.info.resolution, grid.info.width, grid.info.height) == (pytest.approx(0.1), 40, 40)
    assert (grid.info.origin.position.x, grid.info.origin.position.y, grid.info.origin.orientation.w) == (-2, -2, 1)
    cells = np.array(grid.data).reshape(40, 40)
    ahead, left, right, behind = (slice(28, 32), slice(22, 24), slice(16, 18), slice(0, 15))
    assert set(cells[left, ahead].ravel()) == {100}
    assert set(cells[right, ahead].ravel()) == {0}
    assert set(cells[:, behind].ravel()) == {-1}
    points = points_of(clouds.get(timeout=DEADLINE_S))
    # Row 29.5 is the axis, where the ground is sqrt(2) m away.
    assert points['z'][29:31, 40].mean() == pytest.approx(np.sqrt(2), rel=1e-3)
    assert points_of(obstacles.get(timeout=DEADLINE_S))[0]['label'].tolist().count(CAR) > 100


def test_a_late_joiner_gets_the_last_drivable_grid(bench: Bench) -> None:
    robot = Robot(bench, mode='ground_plane')
    grids = bench.listen(DRIVABLE, OccupancyGrid)
    robot.calibrate()
    robot.see(np.full(HW, ROAD, np.uint8))
    grids.get(timeout=DEADLINE_S)
    (publisher,) = robot.node.get_publishers_info_by_topic(DRIVABLE)
    assert publisher.qos_profile.durability.name == 'TRANSIENT_LOCAL'


def test_stamps_may_differ_where_that_is_asked_for(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench, max_stamp_difference_ms=5.0, use_confidence=False)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate()
    robot.send('depth', image(np.ones(HW, np.float32), 10_000_000))
    robot.send('label', image(labels, 14_000_000))
    assert clouds.get(timeout=DEADLINE_S).header.stamp.nanosec == 14_000_000


@pytest.mark.parametrize('spoilt', ['label', 'depth', 'confidence', 'camera_info'])
def test_a_frame_that_makes_no_sense_is_dropped_and_the_next_one_served(
    bench: Bench, labels: np.ndarray, spoilt: str
) -> None:
    robot = Robot(bench)
    clouds, logs = bench.listen(POINTS, PointCloud2), bench.logs()
    bad = camera_info(focal=float('nan')) if spoilt == 'camera_info' else None
    robot.calibrate(bad)
    depth = np.ones(HW, np.float32)
    confidence = np.zeros((2, 2) if spoilt == 'confidence' else HW, np.uint8)
    robot.send('depth', image(depth.view(np.uint8) if spoilt == 'depth' else depth, 1))
    robot.send('confidence', image(confidence, 1))
    robot.send('label', image(depth if spoilt == 'label' else labels, 1))
    wait_until(lambda: robot.node.counts.refused == 1, 'the frame is refused')
    robot.calibrate()
    robot.see(labels, depth, 2)
    assert clouds.get(timeout=DEADLINE_S).header.stamp.nanosec == 2
    while 'dropped a frame' not in logs.get(timeout=DEADLINE_S).msg:
        pass


def test_depth_of_another_frame_is_warned_of(bench: Bench, labels: np.ndarray) -> None:
    logs = bench.logs()
    robot = Robot(bench)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate()
    robot.send('depth', image(np.ones(HW, np.float32), 1, 'depth_optical'))
    robot.see(labels)
    assert clouds.get(timeout=DEADLINE_S).header.frame_id == 'camera_optical'
    while (
        "depth is in frame 'depth_optical' and labels are in 'camera_optical'" not in logs.get(timeout=DEADLINE_S).msg
    ):
        pass


def test_a_stamp_before_1970_is_a_stamp_too(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate()
    robot.see(labels, np.ones(HW, np.float32), -(10**9))
    assert clouds.get(timeout=DEADLINE_S).header.stamp.sec == -1


def test_a_legend_that_is_none_stops_the_clouds_until_a_good_one_comes(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate(legend={'classes': []})
    robot.see(labels, np.ones(HW, np.float32), 1)
    wait_until(lambda: robot.node._inputs._heard['label'] == 1, 'the label came')
    robot.calibrate()
    robot.see(labels, np.ones(HW, np.float32), 2)
    assert clouds.get(timeout=DEADLINE_S).header.stamp.nanosec == 2


@pytest.mark.parametrize('text', ['{', json.dumps({'classes': [{'id': 1, 'name': '\ud800', 'color': [0, 0, 0]}]})])
def test_no_text_on_the_legend_topic_ends_the_node(bench: Bench, text: str) -> None:
    robot = Robot(bench, obstacle_classes=['Unheard'])
    logs = bench.logs()
    robot.send('legend', String(data=text))
    while 'cannot use the legend: ' not in logs.get(timeout=DEADLINE_S).msg:
        pass


def test_a_silent_node_says_what_it_waits_for(bench: Bench, labels: np.ndarray) -> None:
    logs = bench.logs()
    robot = Robot(bench, silence_s=0.3, label_space='camvid')
    said = ''
    while 'nothing to publish for 0.3 s' not in said:
        said = logs.get(timeout=DEADLINE_S).msg
    assert '/depth 0 messages and no publisher: remap with -r depth:=TOPIC' in said
    robot.calibrate()
    robot.see(labels, np.ones(HW, np.float32))
    while 'frames match again' not in said:
        said = logs.get(timeout=DEADLINE_S).msg
    # What came before the silence is no news, and its stamps were equal.
    while 'nothing to publish for 0.3 s' not in said:
        said = logs.get(timeout=DEADLINE_S).msg
    assert '/label 0 messages, ' in said
    assert 'stamps' not in said


def test_stamps_that_never_match_are_told(bench: Bench, labels: np.ndarray) -> None:
    logs = bench.logs()
    robot = Robot(bench, silence_s=0.3, use_confidence=False)
    robot.calibrate()
    robot.send('depth', image(np.ones(HW, np.float32), 1))
    robot.send('label', image(labels, 2))
    while 'their stamps are never equal: see max_stamp_difference_ms' not in logs.get(timeout=DEADLINE_S).msg:
        pass


def test_stamps_are_blamed_no_sooner_than_they_had_time_to_match(bench: Bench, labels: np.ndarray) -> None:
    logs = bench.logs()
    robot = Robot(bench, silence_s=1.0, use_confidence=False)
    robot.send('label', image(labels, 1))
    robot.send('depth', image(np.ones(HW, np.float32), 2))
    said = ''
    while 'nothing to publish for 1 s' not in said:
        said = logs.get(timeout=DEADLINE_S).msg
    robot.calibrate()
    wait_until(robot.node._inputs.have_all_come, 'something has come on every topic')
    came_s = time.monotonic()
    while 'nothing to publish for 1 s' not in (said := logs.get(timeout=DEADLINE_S).msg):
        pass
    assert 'stamps are never equal' in said
    assert time.monotonic() - came_s > 0.9


def test_labels_mean_what_the_legend_said_when_they_came(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench, use_confidence=False)
    clouds = bench.listen(POINTS, PointCloud2)
    robot.calibrate()
    robot.send('label', image(labels, 1))
    wait_until(lambda: robot.node._inputs._heard['label'] == 1, 'the label waits for its depth')
    robot.calibrate(legend={'classes': [{'id': ROAD, 'name': 'Cat', 'color': [1, 2, 3]}]})
    for stamp_ns, color in ((1, 0x804080), (2, 0x010203)):
        robot.send('depth', image(np.ones(HW, np.float32), stamp_ns))
        if stamp_ns == 2:
            robot.send('label', image(labels, stamp_ns))
        assert points_of(clouds.get(timeout=DEADLINE_S))['rgb'].view(np.uint32)[5, 0] == color


def test_inputs_that_cannot_be_opened_leave_none_open(bench: Bench) -> None:
    wrong = {'qos_overrides./depth.subscription.reliability': 'perhaps'}
    node = bench.run(SemanticCloudNode, label_space='camvid', autostart=False, **wrong)
    assert bench.transition('configure', '/semantic_cloud')
    assert not bench.transition('activate', '/semantic_cloud')
    assert not {item.topic_name for item in node.subscriptions} & {'/label', '/confidence', '/camera_info'}


def test_what_nobody_listens_to_is_not_made(bench: Bench, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    from sfnet_ros.ros.cloud.painter import Painter

    monkeypatch.setattr(Painter, 'paint', lambda *_: pytest.fail('nobody listens'))
    robot = Robot(bench)
    robot.calibrate()
    robot.see(labels, np.ones(HW, np.float32))
    wait_until(lambda: robot.node.counts.served == 1, 'the frame is through')


def test_the_lifecycle_goes_round(bench: Bench, labels: np.ndarray) -> None:
    robot = Robot(bench, autostart=False, obstacle_classes=['car'], label_space='camvid')
    node = '/semantic_cloud'
    logs = bench.logs()
    assert not bench.transition('configure', node)
    while "names 'car', which is no class of the labels; did you mean 'Car'?" not in logs.get(timeout=DEADLINE_S).msg:
        pass
    assert bench.set_parameter('obstacle_classes', ['Car'], node) == (True, '')
    for _ in range(2):
        assert all(bench.transition(step, node) for step in ('configure', 'activate'))
        accepted, reason = bench.set_parameter('mode', 'ground_plane', node)
        assert not accepted
        assert 'parameter mode cannot change while the node is configured' in reason
        assert all(bench.transition(step, node) for step in ('deactivate', 'cleanup'))
    assert bench.state(node) == 'unconfigured'
    assert robot.node.counts.refused == 0
