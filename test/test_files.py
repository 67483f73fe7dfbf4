"""A file written through atomic_path is there whole, or as it was before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sfnet_ros.files import atomic_path, check_writable, clear_leftovers


def test_written_file_takes_the_targets_place(tmp_path: Path) -> None:
    target = tmp_path / 'report.json'
    target.write_text('old')
    with atomic_path(target) as temporary:
        temporary.write_text('new')
        assert target.read_text() == 'old'
    assert target.read_text() == 'new'
    assert os.listdir(tmp_path) == ['report.json']


def test_temporary_lies_beside_the_target_with_its_suffix(tmp_path: Path) -> None:
    target = tmp_path / 'overlay.mp4'
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == '.mp4'
        assert temporary.name.startswith('.')
        temporary.touch()


def test_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / 'weights.safetensors'
    target.write_text('old')
    with pytest.raises(ValueError, match='half way'), atomic_path(target) as temporary:
        temporary.write_text('half of the new')
        raise ValueError('half way')
    assert target.read_text() == 'old'
    assert os.listdir(tmp_path) == ['weights.safetensors']


def test_interrupt_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / 'bag.mcap') as temporary:
        temporary.touch()
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_missing_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / 'models' / 'mine' / 'model.yaml'
    with atomic_path(target) as temporary:
        temporary.write_text('name: mine')
    assert target.read_text() == 'name: mine'


def test_other_users_may_read_as_the_umask_says(tmp_path: Path) -> None:
    plain = tmp_path / 'plain'
    plain.touch()
    target = tmp_path / 'model.yaml'
    with atomic_path(target) as temporary:
        temporary.touch()
    assert target.stat().st_mode == plain.stat().st_mode


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / 'report.json'
    with atomic_path(target) as first, atomic_path(target) as second:
        assert first != second
        first.write_text('first')
        second.write_text('second')
    assert target.read_text() == 'first'


def test_what_a_killed_writer_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    program = (
        'import os, signal, sys; from pathlib import Path; from sfnet_ros.files import atomic_path\n'
        'with atomic_path(Path(sys.argv[1])) as temporary:\n'
        '    temporary.touch()\n'
        '    os.kill(os.getpid(), signal.SIGKILL)'
    )
    target = tmp_path / 'state[1].pt'
    killed = subprocess.run([sys.executable, '-c', program, str(target)], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    others = {'state[1].pt', '.state[1].pt', '.state1.0a0a0a0a.pt', '.state[1].notes.pt', '.state[1].0a0a0a0a.yaml'}
    for name in others:
        (tmp_path / name).touch()
    assert len(os.listdir(tmp_path)) == len(others) + 1
    clear_leftovers(target)
    assert set(os.listdir(tmp_path)) == others


def test_what_can_be_written_is_told_before_it_is(tmp_path: Path) -> None:
    check_writable(tmp_path / 'new' / 'report.json', None)
    assert os.listdir(tmp_path / 'new') == []


def test_what_cannot_be_written_is_told_by_the_name_that_was_given(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(IsADirectoryError) as folder:
        check_writable(tmp_path)
    assert folder.value.filename == str(tmp_path)
    with pytest.raises(FileExistsError) as within_a_file:
        check_writable(None, tmp_path / 'file' / 'report.json')
    assert within_a_file.value.filename == str(tmp_path / 'file')
    # Not even root may write there.
    with pytest.raises(FileNotFoundError) as nowhere:
        check_writable(Path('/proc/report.json'))
    assert nowhere.value.filename == '/proc/report.json'
