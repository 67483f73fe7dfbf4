from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest

from sfnet_ros.own_process import InOwnProcess


def test_methods_of_an_object_are_called_in_a_process_of_its_own() -> None:
    with InOwnProcess('a list', partial(list, 'abc')) as hosted:
        hosted.call(list.append, 'd')
        assert hosted.call(list.index, 'd') == 3
    with InOwnProcess('a number', os.getpid) as there:
        pid = there.call(int)
        assert pid != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_errors_come_over_and_leave_the_process_at_work() -> None:
    with InOwnProcess('a list', partial(list, 'abc')) as hosted:
        with pytest.raises(ValueError, match='not in list'):
            hosted.call(list.remove, 'z')
        assert hosted.call(len) == 3


def test_an_object_that_cannot_be_built_is_told_when_it_is_first_asked() -> None:
    with InOwnProcess('a number', partial(int, 'x')) as hosted, pytest.raises(ValueError, match='invalid literal'):
        hosted.call(int)


def test_a_process_that_ends_by_itself_is_told_with_how_it_ended() -> None:
    with (
        InOwnProcess('the number', os.getpid) as hosted,
        pytest.raises(ChildProcessError, match=r'the number ended by itself with exit code -9; if the memory'),
    ):
        hosted.call(os.kill, signal.SIGKILL)


def test_an_interrupt_of_the_terminal_while_a_process_starts_is_none_to_it() -> None:
    with InOwnProcess('a list', partial(list, [3])) as hosted:
        (child,) = active_children()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGINT)
        assert hosted.call(list.pop) == 3


def test_a_process_that_is_at_work_is_not_waited_for_in_the_end() -> None:
    started = time.monotonic()
    with InOwnProcess('a sleeper', partial(time.sleep, 60)):
        pass
    assert time.monotonic() - started < 10


def test_processes_end_with_the_one_that_started_them() -> None:
    program = (
        'import os, signal; from sfnet_ros.own_process import InOwnProcess\n'
        'if __name__ == "__main__":\n'
        '    hosted = InOwnProcess("a number", os.getpid)\n'
        '    print(hosted.call(int), flush=True)\n'
        '    os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    killed = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert killed.stderr == ''
    deadline = time.monotonic() + 60
    while Path('/proc', killed.stdout.strip()).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
