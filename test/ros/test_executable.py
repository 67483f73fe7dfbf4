"""``segmentation_node`` as a process: what it says, and how it ends."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .bench import DEADLINE_S, Bench, camera_frame, wait_until
from .node_process import SHARED_MEMORY, NodeProcess

END_S = 2.0
INT, TERM = signal.SIGINT, signal.SIGTERM

Start = Callable[..., NodeProcess]


@pytest.fixture
def arguments(model_folder: Path) -> tuple[str, ...]:
    reliable = 'qos_overrides./image.subscription.reliability:=reliable'
    return (
        '--ros-args',
        '-p',
        f'model:={model_folder}',
        '-p',
        'device:=cpu',
        '-p',
        'backend:=torch',
        '-p',
        'precision:=float32',
        '-p',
        'label_info_lead_ms:=0',
        '-p',
        reliable,
    )


def assert_ends_in_order(node: NodeProcess, *signals: signal.Signals) -> None:
    exit_code, seconds = node.end(*signals)
    assert exit_code == 0, node.output
    assert seconds < END_S, f'{seconds:.2f} s, {node.output}'
    assert 'Traceback' not in node.output


def test_a_running_node_labels_frames_and_ends_on_a_signal_without_a_trace(
    bench: Bench, start_process: Start, arguments: tuple[str, ...]
) -> None:
    before = set(SHARED_MEMORY.glob('fast*'))
    node = start_process(*arguments)
    node.wait_for_output('running untrained_df1 on torch/cpu/float32 on the raw frames of /image')
    labels, camera = bench.listen(), bench.camera()
    camera.publish(camera_frame(stamp_ns=3))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 3
    own = {path for path in node.shared_memory - before if path.stat().st_size > 60 << 20}
    assert own
    assert_ends_in_order(node, INT, INT, TERM)
    assert '1 frames received: 1 processed' in node.output
    assert not any(path.exists() for path in own)
    # It took leave: one that dies is missed after 20 s.
    wait_until(lambda: bench.peer.count_publishers('/sfnet/label') == 0, 'the node is gone', 10.0)


def test_a_signal_in_the_middle_of_a_frame_ends_the_node(
    bench: Bench, start_process: Start, arguments: tuple[str, ...]
) -> None:
    # At this size a frame takes longer than the end may.
    size = ('-p', 'input_height:=1536', '-p', 'input_width:=3072', '-p', 'threads:=1')
    node = start_process(*arguments, *size, '-p', 'autostart:=false')
    node.wait_for_output('waiting to be configured')
    assert bench.transition('configure')
    assert bench.transition('activate')
    camera = bench.camera()
    camera.publish(camera_frame())
    cpu_s = node.cpu_s
    wait_until(lambda: node.cpu_s > cpu_s + 0.2, 'the node works on the frame')
    assert_ends_in_order(node, INT, TERM, INT)


def test_a_signal_during_configure_ends_the_node(
    bench: Bench, start_process: Start, arguments: tuple[str, ...]
) -> None:
    size = ('-p', 'input_height:=1536', '-p', 'input_width:=3072', '-p', 'threads:=1')
    node = start_process(*arguments, *size)
    wait_until(lambda: '/sfnet' in bench.peer_names(), 'the node is there, and configures')
    assert_ends_in_order(node, TERM)
    assert 'running' not in node.output


def test_a_signal_while_a_model_loads_in_the_background_ends_the_node(
    bench: Bench, start_process: Start, arguments: tuple[str, ...]
) -> None:
    node = start_process(*arguments, '-p', 'threads:=1')
    node.wait_for_output('running untrained_df1')
    # To make it warm takes longer than the end may.
    assert bench.set_parameter('input_height', 2048) == (True, '')
    cpu_s = node.cpu_s
    wait_until(lambda: node.cpu_s > cpu_s + 0.2, 'the node loads')
    assert_ends_in_order(node, TERM)
    assert 'in the background' in node.output


@pytest.mark.parametrize('seed', range(5))
def test_a_signal_at_any_moment_of_the_start_ends_the_process(
    domain: int, start_process: Start, arguments: tuple[str, ...], seed: int
) -> None:
    draw = random.Random(seed)
    node = start_process(*arguments)
    wait_until(node.takes_signals, 'main has begun', DEADLINE_S)
    time.sleep(draw.uniform(0, 4))
    assert_ends_in_order(node, *draw.choices([INT, TERM], k=draw.randint(1, 3)))


@pytest.mark.parametrize(
    ('wrong', 'sentence'),
    [
        (['--ros-args', '-p', 'overlay_alpha:=1'], 'parameter overlay_alpha takes a number with a decimal point'),
        (['--ros-args', '-p', 'use_sim_time:=1'], "Trying to set parameter 'use_sim_time' to '1' of type 'INTEGER'"),
        (['--ros-args', '-p', 'model:=no_such_model'], "model 'no_such_model' was not found"),
        (['--ros-args', '--params-file', '/no/such/file.yaml'], "Couldn't parse params file"),
        (['--model', 'df1_camvid'], '--model is not understood: give parameters as --ros-args -p NAME:=VALUE'),
    ],
)
def test_what_a_user_gets_wrong_ends_in_one_sentence(
    domain: int, start_process: Start, wrong: list[str], sentence: str
) -> None:
    node = start_process(*wrong)
    assert node.popen.wait(DEADLINE_S) == 1
    # rcl has a line of its own for what it cannot parse.
    assert sentence in node.output.splitlines()[-1]
    assert 'Traceback' not in node.output


@pytest.mark.parametrize('executable', ['segmentation_node', 'semantic_cloud_node'])
def test_help_is_given(domain: int, start_process: Start, executable: str) -> None:
    node = start_process('--help', executable=executable)
    assert node.popen.wait(DEADLINE_S) == 0
    assert f'usage: {executable} --ros-args' in node.output
