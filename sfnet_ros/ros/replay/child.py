"""A process of the replay, as its supervisor sees it."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import sfnet_ros
from sfnet_ros.ros.replay.line import GO

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1

# As `python -m` does, but without the current directory on the path, where a numpy.py may lie. The package itself is
# the supervisor's, in whatever folder; that folder stays on the path no longer, as it may hold more than the package.
_RUN_MODULE = """
import sys
sys.path = [sys.argv.pop(1), *filter(None, sys.path)]
import sfnet_ros
del sys.path[0]
import runpy
runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)
"""
_PACKAGE_PARENT = str(Path(sfnet_ros.__file__).resolve().parents[1])

# Between the closing of its output and its end.
_LAST_BREATH_S = 5.0

# `[WARN] what is wrong`: the format that the isolated environment sets.
_LOG_LINE = re.compile(r'\[(?P<severity>DEBUG|INFO|WARN|ERROR|FATAL)\] (?P<text>.*)')


class ReplayError(OSError):
    """A replay that did not run to its end."""


class Child:
    """Start a Python module as a process that ends when its supervisor does, and hear what it says.

    Args:
        name: What errors call it.
        module: Module to run.
        arguments: Its arguments.
        environment: Its environment.
        files: Open files that it inherits under the same numbers.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        files: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        self._unread = b''
        self._process = subprocess.Popen(
            [sys.executable, '-c', _RUN_MODULE, _PACKAGE_PARENT, module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=dict(environment),
            pass_fds=files,
            # Ctrl-C goes to the supervisor alone, which ends its children in order.
            start_new_session=True,
            preexec_fn=partial(end_with, os.getpid()),
        )

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when the child says something or ends."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def hear(self) -> list[dict[str, Any]] | None:
        """Take in what the child has said since; None where it has ended."""
        data = os.read(self.fileno(), 1 << 16)
        if not data:
            return None
        *lines, self._unread = (self._unread + data).split(b'\n')
        return [json.loads(line) for line in lines if line.startswith(b'{')]

    def go(self) -> None:
        """Give the child the word to go; one that has just ended is found to have by what it says no more."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            os.write(self._process.stdin.fileno(), GO)

    def ask_to_end(self) -> None:
        """Ask for an orderly end."""
        self._process.send_signal(signal.SIGINT)

    def end(self, within_s: float) -> int:
        """Wait for the end, force it when it takes too long, and return the exit code."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def warnings(self) -> list[str]:
        """List what the child has complained of so far, each once: warnings and errors, and what is no log at all."""
        entries = [_LOG_LINE.fullmatch(line) or line for line in self._said()]
        texts = [
            entry if isinstance(entry, str) else entry['text']
            for entry in entries
            if isinstance(entry, str) or entry['severity'] not in ('DEBUG', 'INFO')
        ]
        return list(dict.fromkeys(texts))

    def failure(self) -> ReplayError:
        """Say that the child has ended and why, in its last complaint."""
        code = self.end(_LAST_BREATH_S)
        how = f'ended with exit code {code}' if code >= 0 else f'was ended by {signal.Signals(-code).name}'
        return ReplayError(': '.join([f'the {self.name} {how}', *self.warnings()[-1:]]))

    def _said(self) -> list[str]:
        # The child writes through the same file offset: pread leaves it where it is.
        text = os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0)
        return [line for line in text.decode(errors='replace').splitlines() if line.strip()]


def end_with(supervisor: int) -> None:
    """Let the kernel send SIGTERM to this process when its supervisor is gone, even if that was killed."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        os._exit(1)
