"""Real nodes over real DDS: each test in a domain of its own, with nothing left in shared memory after it."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.ros import process
from sfnet_ros.runtime import ModelManifest, save_model

from .bench import Bench
from .node_process import SHARED_MEMORY, NodeProcess, remove_orphans


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Set a ROS domain that no other test uses, with discovery on this machine only and our Fast DDS profile."""
    for number in range(1, 102):
        with Path(tempfile.gettempdir(), f'sfnet_ros_domain_{number}.lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            monkeypatch.setenv('ROS_DOMAIN_ID', str(number))
            monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
            # Emptied first, so that they are restored after what prepare_process sets.
            monkeypatch.setenv('FASTDDS_DEFAULT_PROFILES_FILE', '')
            monkeypatch.setenv('FASTRTPS_DEFAULT_PROFILES_FILE', '')
            process.use_shared_memory_profile()
            before = set(SHARED_MEMORY.glob('*'))
            yield number
            # Last of all: until its other fixtures have ended, this process may still read what a killed one wrote.
            remove_orphans(before)
            return
    pytest.fail('all ROS domains are taken by other test runs: end them')


@pytest.fixture(scope='session')
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small untrained model."""
    torch.manual_seed(0)
    config = SFNetConfig('df1', num_classes=11)
    manifest = ModelManifest('', label_space='camvid', network=config, network_short_side=64)
    folder = tmp_path_factory.mktemp('models') / 'untrained_df1'
    save_model(folder, create_model(config), manifest)
    return folder


@pytest.fixture
def bench(domain: int, model_folder: Path) -> Iterator[Bench]:
    bench = Bench(domain, model_folder)
    yield bench
    bench.close()


@pytest.fixture
def start_process(domain: int, tmp_path: Path) -> Iterator[Callable[..., NodeProcess]]:
    """Start node processes that do not outlive the test."""
    started: list[NodeProcess] = []

    def start(*arguments: str, executable: str = 'segmentation_node') -> NodeProcess:
        started.append(NodeProcess(arguments, tmp_path / f'node_{len(started)}.log', executable))
        return started[-1]

    yield start
    for node in started:
        node.popen.kill()
        node.popen.wait()
