"""However a replay is stopped, it leaves no process, no shared memory and no results that are not whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ..bench import wait_until
from ..node_process import SHARED_MEMORY, remove_orphans
from .conftest import SAMPLE, children_of


class RunningReplay:
    """Run ``sfnet bag replay`` on a slowed drive, and know its children."""

    def __init__(self, model: Path, out: Path) -> None:
        self.supervisor = subprocess.Popen(
            [
                sys.executable,
                '-m',
                'sfnet_ros.cli',
                *f'bag replay {SAMPLE} --model {model} --speed 0.2 --out {out}'.split(),
            ],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        )
        self._children: dict[str, int] = {}

    def children(self) -> dict[str, int]:
        """Give the process id of every child by the module that it runs."""
        if len(self._children) < 3:
            self._children = children_of(self.supervisor.pid)
        return self._children

    def has_labels(self) -> bool:
        """Say whether the collector has stored a label map."""
        with suppress(KeyError, OSError):
            collector = Path('/proc', str(self.children()['collector']))
            arguments = (collector / 'cmdline').read_text().split('\0')
            return (collector / 'fd' / arguments[arguments.index('--store') + 1]).stat().st_size > 0
        return False

    def shared_memory(self) -> set[Path]:
        """List what the children share by Fast DDS, all but what other domains may have open too."""
        mapped = set()
        for child in self.children().values():
            for line in Path(f'/proc/{child}/maps').read_text().splitlines():
                path = Path(line.split()[-1])
                # Ports below 7400 are no domain's.
                if path.parent == SHARED_MEMORY and 'fast' in path.name and 'port7' not in path.name:
                    mapped.add(path)
        return mapped


@pytest.fixture
def running(model_folder: Path, tmp_path: Path) -> Iterator[RunningReplay]:
    before = set(SHARED_MEMORY.glob('*'))
    replay = RunningReplay(model_folder, tmp_path / 'out')
    yield replay
    for process in [*replay.children().values(), replay.supervisor.pid]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    replay.supervisor.communicate()
    remove_orphans(before)


def stop(running: RunningReplay, kill: Callable[[], object]) -> tuple[int, str]:
    children, shared = running.children(), running.shared_memory()
    kill()
    _, said = running.supervisor.communicate(timeout=15)
    for name, child in children.items():
        wait_until(lambda child=child: not Path(f'/proc/{child}').exists(), f'the {name} has ended')  # type: ignore[misc]
    assert not [path for path in shared if path.exists()]
    return running.supervisor.returncode, said


@pytest.mark.parametrize(
    'signals', [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=['terminated', 'interrupted twice']
)
def test_stopped_while_frames_flow(signals: list[signal.Signals], running: RunningReplay, tmp_path: Path) -> None:
    wait_until(running.has_labels, 'a label arrives')
    code, said = stop(running, lambda: [running.supervisor.send_signal(number) for number in signals])
    assert (code, said) == (130, 'sfnet bag replay: interrupted\n')
    assert list((tmp_path / 'out').iterdir()) == []


def test_interrupted_at_once_with_its_group_as_by_ctrl_c(running: RunningReplay) -> None:
    wait_until(lambda: len(running.children()) == 3, 'the children have started')
    code, said = stop(running, lambda: os.killpg(running.supervisor.pid, signal.SIGINT))
    assert (code, said) == (130, 'sfnet bag replay: interrupted\n')


def test_killed_supervisor_takes_its_children_along(running: RunningReplay) -> None:
    wait_until(running.has_labels, 'a label arrives')
    assert stop(running, running.supervisor.kill) == (-signal.SIGKILL, '')


@pytest.mark.parametrize(('module', 'name'), [('segmentation_node', 'node'), ('player', 'player')])
def test_a_child_that_is_killed_ends_the_replay(module: str, name: str, running: RunningReplay) -> None:
    wait_until(running.has_labels, 'a label arrives')
    children = running.children()
    os.kill(children[module], signal.SIGKILL)
    _, said = running.supervisor.communicate(timeout=15)
    assert running.supervisor.returncode == 1
    assert said == f'sfnet bag replay: the {name} was ended by SIGKILL\n'
    assert not [child for child in children.values() if Path(f'/proc/{child}').exists()]
