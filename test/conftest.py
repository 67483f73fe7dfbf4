"""Keep every test away from its user's files, and ROS tests away from any running robot."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

# Tests that import it themselves report nothing either; it reads this when it is imported.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let fuzz and soak be run in full, as ``make soak`` does."""
    parser.addoption(
        '--full', action='store_true', help='run fuzz and soak in full: minutes, where a twentieth is usual'
    )


def pytest_configure() -> None:
    """Let interrupts be seen: tests that a shell started in the background ignore them, and so do their children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let reports go from process to process, whatever was logged: half a pair of surrogates is no text to send."""
    report = yield
    report.sections = [(title, text.encode(errors='replace').decode()) for title, text in report.sections]
    return report


@pytest.fixture(scope='session', autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the tests, and the processes that they start, an empty home: the user's models and logs are not theirs."""
    home, run = tmp_path_factory.mktemp('home'), tmp_path_factory.getbasetemp()
    # With xdist, the parent is of the run: what takes long to make is made once for all of its processes.
    caches = run.parent if 'PYTEST_XDIST_WORKER' in os.environ else run
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv('HOME', str(home))
        environment.setenv('XDG_CACHE_HOME', str(caches / 'cache'))
        for name, folder in {
            'XDG_CONFIG_HOME': '.config',
            'XDG_DATA_HOME': '.local/share',
            'ROS_HOME': '.ros',
            'ROS_LOG_DIR': '.ros/log',
        }.items():
            environment.setenv(name, str(home / folder))
        environment.delenv('SFNET_MODELS', raising=False)
        yield home


@pytest.fixture(scope='session')
def ros_domain() -> Iterator[int]:
    """Set a ROS domain that no other test run on this machine uses, with discovery on this machine only."""
    for domain in range(1, 102):  # above 101 the ports meet those that Linux hands out
        with Path(tempfile.gettempdir(), f'sfnet_ros_domain_{domain}.lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            with pytest.MonkeyPatch.context() as environment:
                environment.setenv('ROS_DOMAIN_ID', str(domain))
                environment.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
                yield domain
            return
    pytest.fail('all ROS domains from 1 to 101 are taken by other test runs: end them')


@pytest.fixture(scope='session')
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of a model for CamVid's classes with seeded random weights: quick, whole, and of no use."""
    import torch

    from sfnet_ros.network import SFNetConfig, create_model
    from sfnet_ros.runtime import ModelManifest, save_model

    config = SFNetConfig('df1', num_classes=11)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = create_model(config)
    folder = tmp_path_factory.mktemp('models') / 'small'
    save_model(folder, model, ModelManifest('small', 'camvid', config, network_short_side=96))
    return folder


@pytest.fixture
def cache_with_graph(small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache of the test's own, in which the graph of the small model is all that was made before."""
    from sfnet_ros.runtime.export.graphs import grid_graph
    from sfnet_ros.runtime.export.whole import checksum_file
    from sfnet_ros.runtime.model_store import load_deploy_model

    made = grid_graph(load_deploy_model(small_model)[0])
    cache = tmp_path / 'cache'
    folder = cache / 'sfnet_ros' / 'graphs'
    folder.mkdir(parents=True)
    for file in (made, checksum_file(made)):
        shutil.copy(file, folder)
    monkeypatch.setenv('XDG_CACHE_HOME', str(cache))
    return cache
