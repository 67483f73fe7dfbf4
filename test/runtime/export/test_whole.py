"""A file that was damaged, cut off or never finished is none."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sfnet_ros.runtime.export.whole import checksum_file, is_whole, made_by_one, whole_file


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / 'cache' / 'some.onnx'
    with whole_file(path) as temporary:
        assert temporary.suffix == '.onnx'
        temporary.write_bytes(b'a graph' * 300_000)
    return path


def test_what_was_written_is_whole(graph: Path) -> None:
    assert is_whole(graph)
    assert sorted(os.listdir(graph.parent)) == ['some.onnx', 'some.onnx.sha256']


@pytest.mark.skipif(shutil.which('sha256sum') is None, reason='no sha256sum here')
def test_its_checksum_is_one_that_others_can_check(graph: Path) -> None:
    subprocess.run(['sha256sum', '--check', '--quiet', checksum_file(graph).name], cwd=graph.parent, check=True)


def test_a_file_that_was_cut_off_or_zeroed_is_not_whole(graph: Path) -> None:
    content = graph.read_bytes()
    for damaged in (b'', content[:-1], content[:1000] + bytes(len(content) - 1000)):
        graph.write_bytes(damaged)
        assert not is_whole(graph)
    graph.write_bytes(content)
    assert is_whole(graph)


def test_without_either_of_the_two_nothing_is_whole(graph: Path) -> None:
    checksum = checksum_file(graph).read_bytes()
    for damaged in (b'', b'\xff', checksum[:20]):
        checksum_file(graph).write_bytes(damaged)
        assert not is_whole(graph)
    checksum_file(graph).unlink()
    assert not is_whole(graph)
    checksum_file(graph).write_bytes(checksum)
    assert is_whole(graph)
    graph.unlink()
    assert not is_whole(graph)


def test_what_was_interrupted_leaves_the_old_one_whole(graph: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_file(graph) as temporary:
        temporary.write_bytes(b'half of ano')
        raise KeyboardInterrupt
    assert is_whole(graph)
    assert len(os.listdir(graph.parent)) == 2


def test_who_waits_for_one_that_makes_a_file_finds_it_made(tmp_path: Path) -> None:
    path, makers = tmp_path / 'cache' / 'some.onnx', list[int]()

    def make(number: int) -> bool:
        with made_by_one(path):
            if not is_whole(path):
                makers.append(number)
                with whole_file(path) as temporary:
                    temporary.write_bytes(b'a graph')
            return is_whole(path)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(make, range(20)))
    assert len(makers) == 1


def test_who_waits_for_another_one_is_told_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('INFO')
    path = tmp_path / 'some.onnx'

    def wait() -> None:
        with made_by_one(path):
            pass

    with ThreadPoolExecutor(1) as pool:
        with made_by_one(path):
            assert not caplog.messages
            waiting = pool.submit(wait)
            deadline = time.monotonic() + 60
            while not caplog.messages:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert not waiting.done()
        waiting.result(60)
    assert caplog.messages == [f'somebody else is making {path}; waiting for that']


def test_a_file_system_without_locks_keeps_nobody_from_making_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def has_no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr('fcntl.flock', has_no_locks)
    with made_by_one(tmp_path / 'some.onnx'), whole_file(tmp_path / 'some.onnx') as temporary:
        temporary.write_bytes(b'a graph')
    assert is_whole(tmp_path / 'some.onnx')
