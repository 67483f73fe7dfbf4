"""A replay, three real processes of ours, where /dev/shm is that of a container."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sfnet_ros.ros import shared_memory

from .conftest import FRAMES

IN_A_NAMESPACE = ('unshare', '--map-root-user', '--mount')


def can_mount() -> bool:
    return subprocess.run([*IN_A_NAMESPACE, 'true'], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason='this system lets no user mount a small /dev/shm of his own')
def test_frames_flow_in_the_shared_memory_of_a_container_and_start_up_says_what_it_lacks(
    short_drive: Path, model_folder: Path, tmp_path: Path
) -> None:
    mount = f'mount -t tmpfs -o size=64m tmpfs {shared_memory.FOLDER} && exec "$0" "$@"'
    replay = [sys.executable, '-m', 'sfnet_ros.cli', 'bag', 'replay', short_drive, '--model', model_folder]
    done = subprocess.run(
        [*IN_A_NAMESPACE, 'sh', '-c', mount, *replay, '--out', tmp_path / 'out'],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert FRAMES / 2 <= report['processed'] <= FRAMES
    (warning,) = report['warnings']
    assert 'large images want 72 MB of it in every process: going on with less' in warning
    assert '--shm-size=1g or --ipc=host' in warning
