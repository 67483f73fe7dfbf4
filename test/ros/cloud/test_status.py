"""What the diagnostics say of the semantic cloud node."""

from __future__ import annotations

import queue

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from sfnet_ros.ros.cloud.status import cloud_status
from sfnet_ros.ros.cloud.worker import CloudCounts
from sfnet_ros.ros.diagnostics_topic import TOPIC

from ..bench import DEADLINE_S, Bench
from .scene import HW, ROAD, Robot

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


@pytest.mark.parametrize(
    ('lifecycle', 'error', 'complaint', 'refused', 'level', 'message'),
    [
        ('active', '', '', 0, OK, 'active, 4 served since the last status'),
        ('inactive', '', '', 0, OK, 'inactive'),
        ('active', '', 'nothing to publish', 1, WARN, 'nothing to publish'),
        ('active', '', '', 1, WARN, '1 refused since the last status: why'),
        ('unconfigured', 'cannot configure', '', 0, ERROR, 'cannot configure'),
    ],
)
def test_the_worst_is_said(
    lifecycle: str, error: str, complaint: str, refused: int, level: bytes, message: str
) -> None:
    counts = CloudCounts(matched=10, dropped=1, served=7, refused=2, last_refusal='why')
    before = CloudCounts(matched=5, dropped=1, served=3, refused=2 - refused, last_refusal='why')
    status = cloud_status(lifecycle, error, complaint, counts, before)
    assert (status.level, status.message) == (level, message)
    values = {item.key: item.value for item in status.values}
    assert values == {
        'lifecycle': lifecycle,
        'frames matched': '10',
        'frames dropped': '1',
        'frames served': '7',
        'frames refused': '2',
        'last error': 'why',
    }


def test_a_silent_node_warns_and_a_busy_one_is_well(bench: Bench) -> None:
    heard: queue.SimpleQueue[DiagnosticArray] = queue.SimpleQueue()
    bench.peer.create_subscription(DiagnosticArray, TOPIC, heard.put, 10)
    robot = Robot(bench, silence_s=0.2, label_space='camvid', use_confidence=False)

    def next_status(level: bytes) -> DiagnosticStatus:
        while True:
            (status,) = heard.get(timeout=DEADLINE_S).status
            if status.level == level:
                return status

    silent = next_status(WARN)
    assert silent.name == 'semantic_cloud: node'
    assert 'nothing to publish for 0.2 s: /label 0 messages' in silent.message
    assert bench.set_parameter('silence_s', 60.0, '/semantic_cloud') == (True, '')
    robot.calibrate()
    robot.see(np.full(HW, ROAD, np.uint8), np.ones(HW, np.float32))
    while 'active, 1 served' not in next_status(OK).message:
        pass
