"""The executable as a process, and what it leaves in shared memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sfnet_ros.ros.replay.child import end_with

from .bench import DEADLINE_S, wait_until

SHARED_MEMORY = Path('/dev/shm')

_NEWBORN_S = 1.0
_CHECKOUT = Path(__file__).parents[2]


class NodeProcess:
    """Run an executable as a process, and keep what it says."""

    def __init__(self, arguments: tuple[str, ...], log: Path, executable: str = 'segmentation_node') -> None:
        self._log = log
        # As a user starts it: the node finds the profile by itself.
        environment = {key: value for key, value in os.environ.items() if not key.endswith('DEFAULT_PROFILES_FILE')}
        with log.open('wb') as output:
            self.popen = subprocess.Popen(
                [sys.executable, '-m', f'sfnet_ros.ros.{executable}', *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environment, 'PYTHONPATH': os.pathsep.join([str(_CHECKOUT), *sys.path])},
                # A test run that is killed cannot end it.
                preexec_fn=partial(end_with, os.getpid()),
            )

    @property
    def output(self) -> str:
        return self._log.read_text(errors='replace')

    def wait_for_output(self, text: str, deadline_s: float = DEADLINE_S) -> None:
        said = f'the node says {text!r}'
        wait_until(lambda: text in self.output or self.popen.poll() is not None, said, deadline_s)
        assert text in self.output, self.output

    def takes_signals(self) -> bool:
        """Say whether its main has begun: it blocks both signals first of all."""
        with suppress(OSError):
            for line in Path(f'/proc/{self.popen.pid}/status').read_text().splitlines():
                if line.startswith('SigBlk:'):
                    wanted = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGTERM - 1)
                    return int(line.split()[1], 16) & wanted == wanted
        return False

    @property
    def shared_memory(self) -> set[Path]:
        """List the files in shared memory that it has open, its own and those of its peers."""
        return _mapped(Path(f'/proc/{self.popen.pid}/maps'))

    @property
    def cpu_s(self) -> float:
        """Give the CPU time that it has used, all threads together."""
        fields = Path(f'/proc/{self.popen.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def end(self, *signals: signal.Signals, within_s: float = DEADLINE_S) -> tuple[int, float]:
        """Send signals at once, and return the exit code and how many seconds the end took, see `await_end`."""
        for number in signals:
            self.popen.send_signal(number)
        return await_end(self.popen, within_s)


def await_end(process: subprocess.Popen[Any], within_s: float = DEADLINE_S) -> tuple[int, float]:
    """Wait for the end of a process, and give its exit code, and for how many seconds it was still seen.

    Those for which one of its threads waited for a core are left out, as Linux counts them: a busy machine hands out
    seconds late.
    """
    started_s, before = time.monotonic(), _waited_s(process.pid)
    seen_s = waited_s = 0.0
    while process.poll() is None:
        now = _waited_s(process.pid)
        waited_s = max([waited_s, *(total_s - before.get(thread, 0.0) for thread, total_s in now.items())])
        seen_s = time.monotonic() - started_s
        if seen_s > within_s:
            raise subprocess.TimeoutExpired(process.args, within_s)
        time.sleep(0.02)
    return process.returncode, seen_s - waited_s


def _waited_s(pid: int) -> dict[str, float]:
    """Give for how long each thread of a process has waited for a core, where the kernel tells."""
    waited = {}
    for thread in Path(f'/proc/{pid}/task').glob('*'):
        with suppress(OSError):
            waited[thread.name] = int((thread / 'schedstat').read_text().split()[1]) / 1e9
    return waited


def remove_orphans(before: set[Path]) -> None:
    """Remove what Fast DDS's processes left in shared memory since then, where no living process has it open."""
    # In this order: a file that is made in between by another test run is none of the suspects. Nor is one that is so
    # young that it may not be mapped yet: without it, two processes would see each other but hear nothing.
    suspects = {path for path in set(SHARED_MEMORY.glob('*fast*')) - before if _age_s(path) > _NEWBORN_S}
    in_use = set().union(*map(_mapped, Path('/proc').glob('[0-9]*/maps')))
    for path in suspects:
        owner = path.name.removeprefix('sem.').removesuffix('_el').removesuffix('_mutex')
        if SHARED_MEMORY / owner not in in_use:
            path.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    with suppress(OSError):
        return time.time() - path.stat().st_ctime
    return 0.0


def _mapped(maps: Path) -> set[Path]:
    """List the files in shared memory among the mappings of a process; none where it has ended."""
    with suppress(OSError):
        return {Path(line.split()[-1]) for line in maps.read_text().splitlines() if str(SHARED_MEMORY) in line}
    return set()
