"""``semantic_cloud_node`` as a process, and what a frame costs it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2

from sfnet_ros.ros.cloud.inputs import CloudFrame, make_fixed_legend
from sfnet_ros.ros.cloud.mounts import open_mounts
from sfnet_ros.ros.cloud.painter import Painter, Wanted
from sfnet_ros.ros.cloud.parameters import CloudParameters

from ..bench import DEADLINE_S, Bench
from ..node_process import NodeProcess
from .scene import camera_info, image

VGA = (480, 640)
MOST_MS = 15.0


def test_the_executable_runs_and_ends_on_a_signal_without_a_trace(
    bench: Bench, start_process: Callable[..., NodeProcess]
) -> None:
    arguments = ('--ros-args', '-p', 'label_space:=camvid', '-r', 'label:=/sfnet/label')
    node = start_process(*arguments, executable='semantic_cloud_node')
    node.wait_for_output('labels of /sfnet/label go to /semantic_cloud/obstacles, /semantic_cloud/points')
    bench.listen('/semantic_cloud/points', PointCloud2)
    exit_code, seconds = node.end(signal.SIGINT, signal.SIGTERM)
    assert (exit_code, seconds < 2.0) == (0, True), node.output
    assert 'Traceback' not in node.output


def test_what_a_user_gets_wrong_ends_in_one_sentence(domain: int, start_process: Callable[..., NodeProcess]) -> None:
    node = start_process('--ros-args', '-p', 'label_space:=camvit', executable='semantic_cloud_node')
    assert node.popen.wait(DEADLINE_S) == 1
    assert "cannot configure: label space 'camvit' is not known" in node.output
    assert 'Traceback' not in node.output


@pytest.mark.parametrize('mode', ['depth', 'ground_plane'])
def test_a_frame_of_640x480_takes_less_than_15_ms_of_one_core(mode: str, bench: Bench) -> None:
    parameters = CloudParameters(mode=mode, label_space='camvid', camera_height=1.0, camera_pitch=0.2)
    legend = make_fixed_legend(parameters)
    assert legend is not None
    random = np.random.default_rng(0)
    labels, depth = random.integers(0, 11, VGA, np.uint8), random.integers(0, 9000, VGA, np.uint16)
    frame = CloudFrame(image(labels, 1), image(labels, 1), image(depth, 1), None, camera_info(VGA, 500.0), legend)
    painter = Painter(open_mounts(bench.peer, parameters), print)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    spent_ms = []
    for _ in range(15):
        # The time of this thread, so that what else the machine does counts little.
        begun_s = time.thread_time()
        painted = painter.paint(frame, parameters, Wanted())
        spent_ms.append((time.thread_time() - begun_s) * 1000)
    cv2.setNumThreads(threads)
    assert painted.points is not None
    print(f'{mode}: {median(spent_ms):.1f} ms for points and obstacles of 640x480')
    assert median(spent_ms) < MOST_MS
