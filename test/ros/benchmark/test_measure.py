"""The node between a camera and a consumer, in processes of their own: large frames come through, and why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfnet_ros.ros.benchmark.case import CAMERA, SETTINGS, Case, Setting
from sfnet_ros.ros.benchmark.measure import measure
from sfnet_ros.ros.process import profile_variable
from sfnet_ros.ros.replay.isolation import isolated_environment

from ..node_process import SHARED_MEMORY, remove_orphans

FULL_HD = (1080, 1920)
FRAMES = 45


@pytest.fixture
def tidy() -> Iterator[None]:
    """Leave nothing in shared memory."""
    before = set(SHARED_MEMORY.glob('*'))
    yield
    remove_orphans(before)


def test_full_hd_comes_through_with_our_profile_and_not_without(
    tidy: None, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('sfnet_ros.ros.replay.stage._QUIET_S', 2.0)
    parameters = {'model': str(model_folder), 'backend': 'torch', 'precision': 'float32', 'input_height': 32}
    # Small labels, so that the frames are what is large.
    parameters |= {'input_width': 64, 'output_height': 48, 'output_width': 64}
    # What has come through waits for the node, however busy that is.
    parameters |= {f'qos_overrides.{CAMERA}.subscription.depth': FRAMES}
    cases = [Case(FULL_HD, 30.0, FRAMES, Setting(profile)) for profile in (True, False)]
    shipped, without = measure(cases, parameters)
    assert (shipped.case, shipped.size, shipped.frames) == ('as shipped', '1080x1920', FRAMES)
    assert shipped.lost < FRAMES / 10
    assert shipped.overhead_p50_ms is not None
    assert shipped.model_p50_ms is not None
    assert 0 < shipped.overhead_p50_ms + shipped.model_p50_ms <= (shipped.p95_ms or 0)
    assert (without.case, without.frames) == ('no profile', FRAMES)
    assert without.lost > FRAMES / 2


@pytest.mark.parametrize('setting', SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_what_the_processes_find(setting: Setting) -> None:
    program = f"""if True:
        import ctypes, os
        from sfnet_ros.ros.process import prepare_process
        prepare_process()
        import rclpy
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        # Before a block malloc keeps its size, and in the second bit whether it was mapped for it alone.
        size = ctypes.c_size_t.from_address(libc.malloc(ctypes.c_size_t(6 << 20)) - ctypes.sizeof(ctypes.c_size_t))
        print(os.environ['{profile_variable()}'], size.value & 2)
        rclpy.init()
        rclpy.create_node('reader_of_the_profile')
        rclpy.shutdown()"""
    with setting.environment() as environment:
        done = subprocess.run(
            [sys.executable, '-c', program],
            env={**isolated_environment(60, os.environ), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, '')
    profile, mapped = done.stdout.split()
    assert (Path(profile).name == 'fastdds.xml') == setting.profile
    assert (mapped == '0') == setting.malloc


@pytest.mark.parametrize(
    ('rate_hz', 'frames', 'sentence'),
    [(0.0, 1, 'a rate of 0 Hz is not between 0.1 and 1000'), (15.0, 0, '0 frames cannot be sent; accepted is 1')],
)
def test_a_case_that_cannot_be_is_refused(rate_hz: float, frames: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Case((360, 480), rate_hz, frames)
