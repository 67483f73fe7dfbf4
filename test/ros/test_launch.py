"""The launch files under the real ``ros2 launch``, where a workspace with this package is sourced."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters

from sfnet_ros.bags.read import Bag
from sfnet_ros.ros.parameter_fields import rules_of
from sfnet_ros.ros.segmentation.parameters import NodeParameters

from .bench import DEADLINE_S, Bench, camera_frame, wait_until

pytestmark = pytest.mark.ros_full

START_S = 60.0
RUNNING = 'labels go to'
CHECKOUT = Path(__file__).parents[2]
BAG = CHECKOUT / 'test/data/camvid_0016E5'
DOCUMENTATION = CHECKOUT / 'docs/launch.md'
FILES = ('segment.launch.py', 'semantic_cloud.launch.py', 'replay.launch.py')

ROBOT = """
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import PushRosNamespace, SetParameter, SetRemap
from launch_ros.substitutions import FindPackageShare


def generate_launch_description():
    segment = PathJoinSubstitution([FindPackageShare('sfnet_ros'), 'launch', 'segment.launch.py'])
    arguments = {arguments}
    return LaunchDescription([
        GroupAction([
            PushRosNamespace('robot'),
            SetParameter('use_sim_time', True),
            SetRemap('image', 'head/image_raw'),
            SetRemap('~/label', 'perception/mask'),
            IncludeLaunchDescription(segment, launch_arguments=arguments.items()),
        ])
    ])
"""


@pytest.fixture
def params_file(model_folder: Path, tmp_path: Path) -> Path:
    """Write a parameter file with the test's model, and with labels that wait for nobody."""
    path = tmp_path / 'mine.yaml'
    values = f'model: {model_folder}\n    device: cuda:77\n    threads: 1\n    label_info_lead_ms: 0\n'
    path.write_text(f'/**:\n  ros__parameters:\n    {values}')
    return path


class Launch:
    """Run ``ros2 launch``, and keep what it says."""

    def __init__(self, log: Path, *words: str) -> None:
        self._log = log
        with log.open('wb') as output:
            self.process = subprocess.Popen(
                ['ros2', 'launch', *words], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until it has said something: two Pythons start, and one of them loads torch."""
        wait_until(lambda: self.output.count(text) >= times or self.process.poll() is not None, text, START_S)
        assert self.output.count(text) >= times, self.output

    def end_on_ctrl_c(self) -> None:
        # As a terminal sends it: to ros2 launch and the node alike.
        os.killpg(self.process.pid, signal.SIGINT)
        assert self.process.wait(DEADLINE_S) == 0, self.output
        assert 'process has finished cleanly' in self.output
        assert 'Traceback' not in self.output


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Launch]]:
    """Launch a file that does not outlive the test."""
    started: list[Launch] = []

    def start(*words: str, **arguments: object) -> Launch:
        log = tmp_path / f'launch_{len(started)}.log'
        started.append(Launch(log, *words, *(f'{name}:={value}' for name, value in arguments.items())))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


def assert_labels(bench: Bench, topic: str, label_topic: str) -> None:
    """Send frames until one of them comes back labelled, under its own header."""
    camera, labels = bench.camera(topic), bench.listen(label_topic)

    def a_label_comes_back() -> bool:
        camera.publish(camera_frame(topic, stamp_ns=5))
        return not labels.empty()

    wait_until(a_label_comes_back, f'a label comes back on {label_topic}')
    assert labels.get().header == camera_frame(topic, stamp_ns=5).header


@pytest.mark.parametrize('name', FILES)
def test_every_argument_is_described(name: str) -> None:
    command = ['ros2', 'launch', 'sfnet_ros', name, '--show-args']
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for argument in ('image', 'namespace', 'params_file', 'use_sim_time', 'log_level', 'respawn', 'autostart'):
        assert shown.count(f"'{argument}':") == 1
    assert 'no description given' not in shown


def test_arguments_are_described_as_the_parameters_are() -> None:
    command = ['ros2', 'launch', 'sfnet_ros', 'segment.launch.py', '--show-args']
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert rules_of(NodeParameters)['model'].description in shown


def test_a_launched_node_takes_given_arguments_over_its_file_and_ends_on_ctrl_c(
    bench: Bench, launch: Callable[..., Launch], params_file: Path, model_folder: Path
) -> None:
    arguments = {'image': '/front/image_raw', 'namespace': 'robot', 'params_file': params_file, 'device': 'cpu'}
    launched = launch('sfnet_ros', 'segment.launch.py', **arguments, input_height=96, input_width=128)
    launched.wait_for(RUNNING)
    assert_labels(bench, '/front/image_raw', '/robot/sfnet/label')
    request = GetParameters.Request(names=['device', 'threads', 'input_height', 'model'])
    values = bench.call(GetParameters, '/robot/sfnet/get_parameters', request).values
    assert (values[0].string_value, values[1].integer_value, values[2].integer_value) == ('cpu', 1, 96)
    assert values[3].string_value == str(model_folder)
    launched.end_on_ctrl_c()


def test_several_cameras_follow_one_pattern(bench: Bench, launch: Callable[..., Launch], params_file: Path) -> None:
    arguments = {'cameras': 'front,rear', 'image': '/head/{camera}/image_raw', 'device': 'cpu'}
    launched = launch('sfnet_ros', 'segment.launch.py', params_file=params_file, **arguments)
    launched.wait_for(RUNNING)
    for camera in ('front', 'rear'):
        assert_labels(bench, f'/head/{camera}/image_raw', f'/sfnet/{camera}/label')
    launched.end_on_ctrl_c()


def test_several_cameras_on_one_topic_are_refused(bench: Bench, launch: Callable[..., Launch]) -> None:
    launched = launch('sfnet_ros', 'segment.launch.py', cameras='front,rear', image='/camera/image_raw')
    assert launched.process.wait(START_S) == 1
    sentence = 'image:=/camera/image_raw is one topic for cameras front, rear: write {camera} for the name'
    assert sentence in launched.output


def test_an_including_launch_file_decides_namespace_topics_and_time(
    bench: Bench, launch: Callable[..., Launch], params_file: Path, tmp_path: Path
) -> None:
    robot = tmp_path / 'robot.launch.py'
    robot.write_text(ROBOT.replace('{arguments}', repr({'params_file': str(params_file), 'device': 'cpu'})))
    launched = launch(str(robot))
    launched.wait_for(RUNNING)
    assert_labels(bench, '/robot/head/image_raw', '/robot/perception/mask')
    request = GetParameters.Request(names=['use_sim_time'])
    assert bench.call(GetParameters, '/robot/sfnet/get_parameters', request).values[0].bool_value
    launched.end_on_ctrl_c()


def test_the_launch_file_of_the_documentation_runs(domain: int, launch: Callable[..., Launch], tmp_path: Path) -> None:
    robot = tmp_path / 'documented.launch.py'
    robot.write_text(DOCUMENTATION.read_text().partition('```python\n')[2].partition('```')[0])
    launched = launch(str(robot))
    launched.wait_for('on the raw frames of /robot/head/image_raw, labels go to /robot/sfnet/label')
    launched.wait_for('labels of /robot/sfnet/nav/label go to')
    launched.end_on_ctrl_c()


def test_without_autostart_a_manager_takes_the_node_through_its_states(
    bench: Bench, launch: Callable[..., Launch], params_file: Path
) -> None:
    launched = launch('sfnet_ros', 'segment.launch.py', params_file=params_file, device='cpu', autostart='false')
    launched.wait_for('waiting to be configured')
    assert bench.state() == 'unconfigured'
    for transition in ('configure', 'activate'):
        command = ['ros2', 'lifecycle', 'set', '--no-daemon', '--spin-time', '3', '/sfnet', transition]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=START_S).stdout
        assert 'Transitioning successful' in said
    assert_labels(bench, '/image', '/sfnet/label')
    launched.end_on_ctrl_c()


def test_a_node_that_died_comes_back_with_respawn(
    bench: Bench, launch: Callable[..., Launch], params_file: Path
) -> None:
    arguments = {'params_file': params_file, 'device': 'cpu', 'respawn': 'true', 'respawn_delay': 0.5}
    launched = launch('sfnet_ros', 'segment.launch.py', **arguments)
    launched.wait_for(RUNNING)
    (pid,) = re.findall(r'process started with pid \[(\d+)\]', launched.output)
    os.kill(int(pid), signal.SIGKILL)
    launched.wait_for(RUNNING, times=2)
    assert_labels(bench, '/image', '/sfnet/label')
    launched.end_on_ctrl_c()


def test_a_recording_is_played_once_the_node_runs(
    bench: Bench, launch: Callable[..., Launch], params_file: Path
) -> None:
    with Bag(BAG) as bag:
        stamps_ns = {frame.stamp_ns for frame in bag.messages('/camera/image_raw/compressed')}
    launched = launch(
        'sfnet_ros',
        'replay.launch.py',
        bag=BAG,
        rviz='false',
        image_transport='compressed',
        params_file=params_file,
        device='cpu',
    )
    launched.wait_for(RUNNING)
    label = bench.listen().get(timeout=DEADLINE_S)
    assert label.header.stamp.sec * 10**9 + label.header.stamp.nanosec in stamps_ns
    launched.end_on_ctrl_c()


def test_a_replay_whose_node_cannot_be_configured_ends(bench: Bench, launch: Callable[..., Launch]) -> None:
    launched = launch('sfnet_ros', 'replay.launch.py', bag=BAG, rviz='false', model='no_such_model')
    launched.process.wait(START_S)
    assert "cannot configure: model 'no_such_model' was not found" in launched.output
    assert 'player' not in launched.output
