"""The launch file under the real ``ros2 launch``, where a workspace with this package is sourced."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters

from sfnet_ros.ros.parameter_fields import rules_of
from sfnet_ros.ros.parameters import NodeParameters

from .bench import DEADLINE_S, Bench, camera_frame, wait_until

pytestmark = pytest.mark.ros_full

LAUNCH = ['ros2', 'launch', 'sfnet_ros', 'segment.launch.py']


@contextmanager
def launched(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open('wb') as output:
        process = subprocess.Popen(
            [*LAUNCH, *arguments], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_every_argument_is_described() -> None:
    shown = subprocess.run([*LAUNCH, '--show-args'], capture_output=True, text=True, check=True).stdout
    for name in ('image', 'namespace', 'params_file', 'use_sim_time', 'log_level'):
        assert f"'{name}':" in shown
    assert rules_of(NodeParameters)['model'].description in shown
    assert 'no description given' not in shown


def test_a_launched_node_takes_given_arguments_over_its_file_and_ends_on_ctrl_c(
    bench: Bench, model_folder: Path, tmp_path: Path
) -> None:
    params_file = tmp_path / 'mine.yaml'
    params_file.write_text(
        f'/**:\n  ros__parameters:\n    model: {model_folder}\n    device: cuda:77\n    threads: 1\n'
    )
    arguments = {
        'image': '/front/image_raw',
        'namespace': 'robot',
        'params_file': str(params_file),
        'device': 'cpu',
        'input_height': '96',
        'input_width': '128',
    }
    log = tmp_path / 'launch.log'
    with launched(log, *(f'{name}:={value}' for name, value in arguments.items())) as process:
        wait_until(lambda: '/robot/sfnet' in bench.peer_names(), 'the node is there')
        camera, labels = bench.camera('/front/image_raw'), bench.listen('/robot/sfnet/label')

        def a_label_comes_back() -> bool:
            camera.publish(camera_frame(stamp_ns=5))
            return not labels.empty()

        wait_until(a_label_comes_back, 'a label comes back')
        assert labels.get().header == camera_frame(stamp_ns=5).header

        request = GetParameters.Request(names=['device', 'threads', 'input_height', 'model'])
        values = bench.call(GetParameters, '/robot/sfnet/get_parameters', request).values
        assert (values[0].string_value, values[1].integer_value, values[2].integer_value) == ('cpu', 1, 96)
        assert values[3].string_value == str(model_folder)

        # As a terminal sends it: to ros2 launch and the node alike.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(DEADLINE_S) == 0, log.read_text()
    assert 'process has finished cleanly' in log.read_text()
    assert 'Traceback' not in log.read_text()
