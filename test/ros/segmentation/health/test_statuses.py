"""What is said of a node and of a camera, over hand-made vitals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from sfnet_ros.ros.segmentation.health.state import CameraState, NodeState
from sfnet_ros.ros.segmentation.health.statuses import camera_status, node_status
from sfnet_ros.ros.segmentation.health.vitals import FrameTiming, Vitals
from sfnet_ros.ros.segmentation.parameters import NodeParameters

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
NODE = NodeState(
    lifecycle='active',
    model='df1_camvid',
    device='torch/cpu/bfloat16',
    network='352x448',
    rung=0,
    rungs=1,
    target_ms=0.0,
    loading='',
    last_error='',
    parameters=NodeParameters(),
    cameras=(),
)


@pytest.fixture
def vitals() -> Vitals:
    return Vitals(lambda: 0.0)


def serve(vitals: Vitals, *, age_ms: float = 8.0, total_ms: float = 30.0) -> None:
    vitals.received(age_ms)
    vitals.served(FrameTiming(age_ms=age_ms, decode_ms=1.0, infer_ms=20.0, publish_ms=2.0, total_ms=total_ms))


def camera(vitals: Vitals, **changes: Any) -> CameraState:
    return replace(CameraState(name='', topic='/image', intake='open', vitals=vitals, held=3), **changes)


def judge(vitals: Vitals, open_s: float = 60.0, **node: Any) -> tuple[bytes, str]:
    status = camera_status(camera(vitals), replace(NODE, **node), open_s)
    return status.level, status.message


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    assert len({value.key for value in status.values}) == len(status.values)
    return {value.key: value.value for value in status.values}


def test_a_camera_that_is_served_is_well(vitals: Vitals) -> None:
    for _ in range(11):
        serve(vitals)
    assert judge(vitals) == (OK, '10.0 Hz in, 10.0 Hz out')


def test_every_part_of_the_latency_is_told_with_its_percentiles(vitals: Vitals) -> None:
    serve(vitals)
    vitals.malformed('no pixels')
    values = values_of(camera_status(camera(vitals), NODE, 60.0))
    parts = {key: value for key, value in values.items() if key.endswith('p95 (ms)')}
    assert parts == {
        'arrival age p95 (ms)': '8.0',
        'decode p95 (ms)': '1.0',
        'infer p95 (ms)': '20.0',
        'publish p95 (ms)': '2.0',
        'total p95 (ms)': '30.0',
        'label age p95 (ms)': '38.0',
    }
    assert {key.removesuffix('p95 (ms)') for key in parts} == {f'{part} ' for part in vitals.summary().latency_ms}
    assert (values['total p50 (ms)'], values['total p99 (ms)']) == ('30.0', '30.0')
    assert (values['frames received'], values['frames malformed'], values['frames failed']) == ('1', '1', '0')
    assert (values['last frame (s)'], values['rate in (Hz)'], values['drop rate']) == ('0.00', '0.00', '0.000')
    assert (values['topic'], values['labels held back'], values['last error']) == ('/image', '3', 'no pixels')


def test_silence_warns_after_silence_s_whether_frames_ever_came_or_not() -> None:
    now_s = 0.0
    vitals = Vitals(lambda: now_s)
    assert judge(vitals, open_s=1.9)[0] == OK
    assert judge(vitals, open_s=2.0) == (WARN, 'no frame for 2.0 s on /image')
    serve(vitals)
    assert judge(vitals)[0] == OK
    now_s = 3.5
    assert judge(vitals) == (WARN, 'no frame for 3.5 s on /image')
    assert judge(vitals, parameters=NodeParameters(silence_s=5.0))[0] == OK
    assert judge(vitals, parameters=NodeParameters(silence_s=0.0))[0] == OK
    assert judge(vitals, open_s=1.0)[0] == OK, 'silent for longer than it has been listening'


@pytest.mark.parametrize(
    ('age_ms', 'told'), [(3200.0, '3.2 s old on arrival'), (-3200.0, '3.2 s ahead of the clock of the node')]
)
def test_stamps_far_from_the_clock_warn(vitals: Vitals, age_ms: float, told: str) -> None:
    serve(vitals, age_ms=age_ms)
    assert judge(vitals) == (WARN, f'the stamps of frames are {told}: check clocks and use_sim_time')
    assert judge(vitals, parameters=NodeParameters(stale_s=3.3))[0] == OK
    assert judge(vitals, parameters=NodeParameters(stale_s=0.0))[0] == OK


def test_one_stale_stamp_among_good_ones_is_no_warning(vitals: Vitals) -> None:
    for age_ms in (8.0, 9000.0, 8.0):
        serve(vitals, age_ms=age_ms)
    assert judge(vitals)[0] == OK


def test_too_many_drops_warn(vitals: Vitals) -> None:
    for _ in range(4):
        serve(vitals)
    vitals.dropped(2)
    assert judge(vitals)[0] == OK
    vitals.dropped()
    assert judge(vitals) == (WARN, '75% of the frames are dropped for newer ones')
    assert judge(vitals, parameters=NodeParameters(max_drop_rate=0.8))[0] == OK


def test_a_missed_target_warns_only_at_the_smallest_size(vitals: Vitals) -> None:
    serve(vitals, total_ms=80.0)
    assert judge(vitals, target_ms=50.0, rung=0, rungs=3)[0] == OK
    assert judge(vitals, target_ms=90.0, rung=2, rungs=3)[0] == OK
    assert judge(vitals, target_ms=50.0, rung=2, rungs=3) == (
        WARN,
        'labels take 80 ms (p95) at the smallest size, the target is 50 ms',
    )


def test_malformed_frames_warn(vitals: Vitals) -> None:
    serve(vitals)
    vitals.malformed('no pixels')
    assert judge(vitals) == (WARN, '1 malformed in the last 10 s, last error: no pixels')


def test_a_model_that_fails_is_an_error_until_a_frame_is_served(vitals: Vitals) -> None:
    serve(vitals)
    vitals.failed('out of memory')
    assert judge(vitals) == (ERROR, 'the model failed on the newest 1 frame: out of memory')
    serve(vitals)
    assert judge(vitals)[0] == OK


def test_all_that_is_wrong_is_told_the_worst_first(vitals: Vitals) -> None:
    serve(vitals, age_ms=9000.0)
    vitals.failed('out of memory')
    level, message = judge(vitals)
    assert level == ERROR
    assert message.startswith('the model failed')
    assert 'the stamps' in message


@pytest.mark.parametrize(
    ('intake', 'told'), [('disabled', 'disabled'), ('unwatched', 'nobody listens'), ('inactive', 'inactive')]
)
def test_a_camera_whose_frames_are_not_wanted_is_well(vitals: Vitals, intake: str, told: str) -> None:
    status = camera_status(camera(vitals, intake=intake), NODE, 0.0)
    assert (status.level, status.message) == (OK, told)


def test_the_node_says_what_it_runs() -> None:
    status = node_status(replace(NODE, rung=1, rungs=5, target_ms=60.0, loading='df2_camvid'))
    assert status.level == OK
    assert status.message == ('active, df1_camvid on torch/cpu/bfloat16, size 2 of 5 for 60 ms, loading df2_camvid')
    assert values_of(status) == {
        'lifecycle': 'active',
        'model': 'df1_camvid',
        'device': 'torch/cpu/bfloat16',
        'network size (px)': '352x448',
        'rung': '2',
        'rungs': '5',
        'target latency (ms)': '60',
        'loading': 'df2_camvid',
        'last error': '',
    }


def test_a_node_without_a_model_says_why() -> None:
    unconfigured = replace(NODE, lifecycle='unconfigured', model='', device='', network='', rungs=0)
    assert (node_status(unconfigured).level, node_status(unconfigured).message) == (OK, 'unconfigured')
    failed = node_status(replace(unconfigured, last_error='there is no model df7'))
    assert (failed.level, failed.message) == (ERROR, 'there is no model df7')


def test_an_error_about_another_model_is_a_warning_while_one_runs() -> None:
    status = node_status(replace(NODE, last_error='there is no model df7'))
    assert (status.level, status.message) == (WARN, 'there is no model df7')
    assert values_of(status)['last error'] == 'there is no model df7'
