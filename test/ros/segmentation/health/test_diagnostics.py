"""Diagnostics over DDS."""

from __future__ import annotations

import queue
from dataclasses import replace

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from sfnet_ros.ros.diagnostics_topic import TOPIC
from sfnet_ros.ros.segmentation.health.diagnostics import Diagnostics
from sfnet_ros.ros.segmentation.health.state import CameraState, NodeState
from sfnet_ros.ros.segmentation.health.vitals import Vitals
from sfnet_ros.ros.segmentation.parameters import NodeParameters

from ...bench import DEADLINE_S, Bench

PERIOD_S = 0.1


class Reporter:
    """Report a state that the test sets, as fast as a test wants to hear it."""

    def __init__(self, bench: Bench) -> None:
        cameras = tuple(CameraState(name, f'/{name}', 'disabled', Vitals(), held=0) for name in ('front', 'rear'))
        self.state = NodeState('active', 'm', 'd', '', 0, 1, 0.0, '', '', NodeParameters(silence_s=0.05), cameras)
        self.heard: queue.SimpleQueue[DiagnosticArray] = queue.SimpleQueue()
        bench.peer.create_subscription(DiagnosticArray, TOPIC, self.heard.put, 10)
        Diagnostics(bench.peer, lambda: self.state, PERIOD_S)

    def intake(self, intake: str) -> None:
        self.state = replace(self.state, cameras=tuple(replace(camera, intake=intake) for camera in self.state.cameras))

    def levels_until(self, message: str) -> list[bytes]:
        """Return the levels of the front camera up to the first report with that message."""
        levels = []
        while True:
            _, front, _ = self.heard.get(timeout=DEADLINE_S).status
            levels.append(front.level)
            if front.message.startswith(message):
                return levels


@pytest.fixture
def reporter(bench: Bench) -> Reporter:
    return Reporter(bench)


def test_the_node_and_every_camera_have_a_status_of_their_own(reporter: Reporter, bench: Bench) -> None:
    message = reporter.heard.get(timeout=DEADLINE_S)
    assert [status.name for status in message.status] == ['peer: node', 'peer: camera front', 'peer: camera rear']
    assert {status.hardware_id for status in message.status} == {'/peer'}
    stamp = message.header.stamp
    age_ns = bench.peer.get_clock().now().nanoseconds - (stamp.sec * 10**9 + stamp.nanosec)
    assert 0 <= age_ns < DEADLINE_S * 1e9


def test_silence_begins_when_frames_are_wanted_again(reporter: Reporter) -> None:
    assert set(reporter.levels_until('disabled')) == {DiagnosticStatus.OK}
    for _ in range(2):
        reporter.intake('open')
        *before, silent = reporter.levels_until('no frame for')
        assert DiagnosticStatus.OK in before
        assert silent == DiagnosticStatus.WARN
        reporter.intake('disabled')
        reporter.levels_until('disabled')
