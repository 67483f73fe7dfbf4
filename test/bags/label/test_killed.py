"""A run that is killed at any moment and started again ends as one that nobody disturbed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sfnet_ros.bags.label import assemble as assembling
from sfnet_ros.bags.label.copy import BagCopy
from sfnet_ros.bags.label.work_folder import WorkFolder
from sfnet_ros.cli import main

DEADLINE_S = 60

# Waits in the middle of its second chunk for what comes, as else it may be through before it is killed.
STOPS_AT_WORK = """if True:
    import signal, sys
    from sfnet_ros.bags.label.work_folder import WorkFolder
    from sfnet_ros.cli import main
    put, chunks = WorkFolder.put, []
    def put_once(*args, **kwargs):
        if chunks:
            signal.pause()
        chunks.append(put(*args, **kwargs))
    WorkFolder.put = put_once
    sys.exit(main(sys.argv[1:]))"""


def arguments(bag: Path, out: Path, model: Path, *more: str) -> list[str]:
    options = ['--model', str(model), '--backend', 'torch', '--jobs', '1', '--chunk', '2']
    return ['bag', 'label', str(bag), '--out', str(out), *options, *more]


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def kill_before(owner: Any, name: str, call: int) -> None:
    """Have this process killed when a method is called for the n-th time."""
    method, calls = getattr(owner, name), []

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*args, **kwargs)

    setattr(owner, name, counted)


def run_and_be_killed(command: list[str], owner: Any, name: str, call: int) -> None:
    child = os.fork()
    if not child:
        try:
            kill_before(owner, name, call)
            main(command)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f'{name} was not called {call} times'
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(
    ('owner', 'name', 'call'),
    [
        (WorkFolder, 'open', 1),
        (WorkFolder, 'put', 1),
        (os, 'replace', 2),  # a chunk is written, and has not its name yet
        (WorkFolder, 'put', 4),
        (assembling, 'new_copy', 1),
        (BagCopy, 'write', 20),
        (Path, 'rename', 1),  # the bag is whole, and has not its name yet
        (WorkFolder, 'clear', 1),  # it has its name
    ],
)
def test_killed_and_started_again_it_ends_as_if_nothing_had_been(
    owner: Any,
    name: str,
    call: int,
    drive: Path,
    calm: Path,
    small_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / 'labelled'
    command = arguments(drive, out, small_model)
    run_and_be_killed(command, owner, name, call)
    assert out.exists() == (name == 'clear')
    assert main(command) == 0
    assert digests(out) == digests(calm)
    assert list(tmp_path.glob('labelled.partial-*')) == []


def test_a_process_of_a_user_killed_at_work_ends_with_the_same_bag(
    drive: Path, calm: Path, small_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'labelled'
    command = [sys.executable, '-c', STOPS_AT_WORK, *arguments(drive, out, small_model)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + DEADLINE_S
    while not list(tmp_path.glob('labelled.partial-*/chunk_*')):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    assert main(arguments(drive, out, small_model)) == 0
    assert digests(out) == digests(calm)


def test_chunks_that_are_there_are_not_computed_again_unless_an_option_differs(
    drive: Path, calm: Path, small_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'labelled'
    run_and_be_killed(arguments(drive, out, small_model), WorkFolder, 'put', 3)
    (kept,) = tmp_path.glob('labelled.partial-*')
    stamps = {chunk.name: chunk.stat().st_mtime_ns for chunk in kept.glob('chunk_*')}
    assert len(stamps) == 2
    run_and_be_killed(arguments(drive, out, small_model, '--overlay'), WorkFolder, 'put', 2)
    assert len(list(tmp_path.glob('labelled.partial-*'))) == 2
    run_and_be_killed(arguments(drive, out, small_model), assembling, 'new_copy', 1)
    now = {chunk.name: chunk.stat().st_mtime_ns for chunk in kept.glob('chunk_*')}
    assert {name: now[name] for name in stamps} == stamps
    assert len(now) == 4


def test_two_processes_at_one_work_are_a_sentence(
    drive: Path, calm: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = arguments(drive, tmp_path / 'labelled', small_model)
    run_and_be_killed(command, WorkFolder, 'put', 2)
    (kept,) = tmp_path.glob('labelled.partial-*')
    with (kept / 'plan.json').open('ab') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(command) == 1
    assert f'another process is at work in {kept}: wait for it' in capsys.readouterr().err
    assert main(command) == 0


@pytest.mark.parametrize('limit', [3000, 9000])
def test_a_full_disk_is_a_sentence_and_costs_nothing(
    limit: int, drive: Path, calm: Path, small_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'labelled'
    command = arguments(drive, out, small_model)
    child = os.fork()
    if not child:
        code = 99
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            code = main(command)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert 'File too large: what was labelled so far is kept in' in (said := capfd.readouterr().err)
    assert len(said.strip().splitlines()) == 1
    assert not out.exists()
    assert main(command) == 0
    assert digests(out) == digests(calm)


def test_outputs_that_cannot_be_are_sentences_and_left_as_they_are(
    drive: Path, calm: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(calm)
    assert main(arguments(drive, calm, small_model)) == 1
    assert f'{calm} exists already and is left as it is' in capsys.readouterr().err
    assert digests(calm) == before
    (tmp_path / 'file').write_text('precious')
    assert main(arguments(drive, tmp_path / 'file' / 'labelled', small_model)) == 1
    assert 'cannot be, as what should be its folder is a file' in capsys.readouterr().err
    assert main(arguments(drive, drive, small_model)) == 1
    assert 'exists already' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('more', 'sentence'),
    [
        (['--prefix', 'sfnet'], "'sfnet' does not begin the name of a topic"),
        (['--prefix', '/camera/../x'], 'does not begin the name of a topic'),
        (['--chunk', '0'], 'chunks of 0 frames are not accepted'),
        (['--topic', '/rear'], r'has no image topic /rear (image topics in it: /camera/image_raw/compressed)'),
        (['--jobs', '0'], '0 processes are not accepted'),
        (['--threads', '-1'], '-1 threads are not accepted'),
        (['--threads', '1000000'], '1000000 threads are not accepted; 1 to 1024 are, or 0'),
    ],
)
def test_wrong_arguments_are_a_sentence_and_leave_nothing(
    more: list[str],
    sentence: str,
    drive: Path,
    small_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments(drive, tmp_path / 'labelled', small_model, *more)) == 1
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_labelled_bag_is_not_labelled_twice_under_one_name(
    drive: Path, calm: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(calm, tmp_path / 'twice', small_model)) == 1
    assert 'has a topic /sfnet/label/compressed already: name another --prefix than /sfnet' in capsys.readouterr().err
    assert main(arguments(calm, tmp_path / 'twice', small_model, '--prefix', '/second')) == 0
