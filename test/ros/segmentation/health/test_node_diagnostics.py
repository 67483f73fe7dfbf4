"""What the diagnostics of the real node tell, over DDS."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

from ...bench import DEADLINE_S, Bench, camera_frame

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


@dataclass(frozen=True)
class Told:
    """Hold what one report says of the node and of its first camera."""

    node: DiagnosticStatus
    camera: DiagnosticStatus

    def value(self, key: str) -> str:
        return {item.key: item.value for item in (*self.node.values, *self.camera.values)}[key]


class Listener:
    """Listen to the diagnostics."""

    def __init__(self, bench: Bench) -> None:
        self._heard: queue.SimpleQueue[DiagnosticArray] = queue.SimpleQueue()
        bench.peer.create_subscription(DiagnosticArray, '/diagnostics', self._heard.put, 10)

    def next(self) -> Told:
        node, camera, *_ = self._heard.get(timeout=DEADLINE_S).status
        return Told(node, camera)

    def wait_for(self, text: str) -> Told:
        """Wait for a message about the node or the camera that has the text."""
        end_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < end_s:
            told = self.next()
            if text in told.node.message or text in told.camera.message:
                return told
        pytest.fail(f'the diagnostics never say {text!r}')


@pytest.fixture
def listener(bench: Bench) -> Listener:
    return Listener(bench)


def frame_of_now(bench: Bench) -> Image:
    return camera_frame(stamp_ns=bench.peer.get_clock().now().nanoseconds)


def test_the_life_of_a_node_is_told_from_before_configure_to_after_deactivate(
    bench: Bench, listener: Listener, model_folder: Path
) -> None:
    # On a busy machine a frame may be old on arrival, and long ago when it is told of.
    bench.start(autostart=False, model='no_such_model', silence_s=0.0, stale_s=0.0)
    told = listener.wait_for('unconfigured')
    assert (told.node.name, told.node.level, told.node.hardware_id) == ('sfnet: node', OK, '/sfnet')
    assert (told.camera.name, told.camera.level, told.camera.message) == ('sfnet: camera', OK, 'inactive')

    assert not bench.transition('configure')
    told = listener.wait_for('no_such_model')
    assert (told.node.level, told.value('lifecycle')) == (ERROR, 'unconfigured')

    assert bench.set_parameter('model', str(model_folder))[0]
    assert bench.transition('configure')
    told = listener.wait_for('inactive, untrained_df1 on torch/cpu/float32')
    assert (told.node.level, told.camera.level, told.camera.message) == (OK, OK, 'inactive')

    assert bench.transition('activate')
    labels, camera = bench.listen(), bench.camera()
    for _ in range(3):
        camera.publish(frame_of_now(bench))
        labels.get(timeout=DEADLINE_S)
    told = listener.wait_for('Hz in')
    while told.value('frames processed') != '3':
        told = listener.next()
    assert (told.node.level, told.camera.level) == (OK, OK)
    assert told.node.message.startswith('active')
    assert (told.value('network size (px)'), told.value('topic')) == ('64x96', '/image')
    total_ms, infer_ms = float(told.value('total p50 (ms)')), float(told.value('infer p50 (ms)'))
    assert 0 < infer_ms <= total_ms < DEADLINE_S * 1e3
    assert float(told.value('rate out (Hz)')) > 0

    assert bench.transition('deactivate')
    told = listener.wait_for('inactive, untrained_df1')
    assert (told.camera.level, told.camera.message) == (OK, 'inactive')


def test_reports_come_once_a_second_whatever_the_node_does(bench: Bench, listener: Listener) -> None:
    bench.start(autostart=False)
    heard_s = []
    for _ in range(4):
        listener.next()
        heard_s.append(time.monotonic())
    # Where the machine is busy one may come late, and the next one early after that.
    assert np.median(np.diff(heard_s)) == pytest.approx(1.0, abs=0.2)


def test_silence_and_stale_stamps_warn(bench: Bench, listener: Listener) -> None:
    bench.start(silence_s=0.5)
    told = listener.wait_for('no frame for')
    assert (told.camera.level, told.node.level) == (WARN, OK)
    labels, camera = bench.listen(), bench.camera()
    camera.publish(camera_frame(stamp_ns=1))
    labels.get(timeout=DEADLINE_S)
    assert listener.wait_for('old on arrival').camera.level == WARN


def test_a_camera_that_is_not_wanted_is_silent_without_a_warning(bench: Bench, listener: Listener) -> None:
    bench.start(silence_s=0.1, lazy=True)
    for _ in range(2):
        told = listener.wait_for('nobody listens')
        assert told.camera.level == OK
    bench.listen()
    assert listener.wait_for('no frame for').camera.level == WARN
    assert bench.call(SetBool, '/sfnet/enable', SetBool.Request(data=False)).success
    for _ in range(2):
        assert listener.wait_for('disabled').camera.level == OK


def test_malformed_frames_warn_and_tell_why(bench: Bench, listener: Listener) -> None:
    bench.start()
    camera = bench.camera()
    broken = frame_of_now(bench)
    broken.encoding = 'no such encoding'
    camera.publish(broken)
    told = listener.wait_for('1 malformed')
    assert told.camera.level == WARN
    assert 'no such encoding' in told.value('last error')
    assert told.value('frames malformed') == '1'


def test_several_cameras_have_a_status_each(bench: Bench) -> None:
    heard: queue.SimpleQueue[DiagnosticArray] = queue.SimpleQueue()
    bench.peer.create_subscription(DiagnosticArray, '/diagnostics', heard.put, 10)
    bench.start('-r', '__ns:=/robot', cameras=['front', 'rear'])
    statuses = heard.get(timeout=DEADLINE_S).status
    assert [status.name for status in statuses] == [
        'robot/sfnet: node',
        'robot/sfnet: camera front',
        'robot/sfnet: camera rear',
    ]


def test_the_network_goes_down_the_ladder_without_losing_a_frame_and_says_where_it_ends(
    bench: Bench, listener: Listener
) -> None:
    bench.start(target_latency_ms=0.001)
    told = listener.wait_for('size 1 of')
    rungs = told.value('rungs')
    assert (told.value('rung'), told.value('target latency (ms)')) == ('1', '0.001')
    assert int(rungs) > 1
    labels, camera = bench.listen(), bench.camera()
    for number in range(12 * int(rungs)):
        frame = frame_of_now(bench)
        camera.publish(frame)
        label = labels.get(timeout=DEADLINE_S)
        assert (label.header, label.height, label.width) == (frame.header, frame.height, frame.width), number
    told = listener.wait_for('at the smallest size')
    assert told.camera.level == WARN
    assert told.node.message.endswith(f'size {rungs} of {rungs} for 0.001 ms')
    assert told.value('rung') == rungs
