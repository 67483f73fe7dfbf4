"""The frame of all commands: help, exit codes, and one sentence for what a user gets wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import sfnet_ros
from sfnet_ros.cli import COMMANDS, main, models
from sfnet_ros.cli.options import parse_input_size

_CHECKOUT = Path(sfnet_ros.__file__).parents[1]
_SFNET = [sys.executable, '-m', 'sfnet_ros.cli']


def throw(error: Exception) -> None:
    raise error


class Killed(Dataset[int]):
    """A data set in whose process the memory is used up."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return index


def _verbs() -> list[list[str]]:
    from sfnet_ros.cli import bag

    return [*([name] for name in COMMANDS if name != 'bag'), *(['bag', verb] for verb in bag.COMMANDS)]


@pytest.mark.parametrize('verb', _verbs(), ids=' '.join)
def test_every_command_has_help_with_an_example(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='0'):
        main([*verb, '--help'])
    text = capsys.readouterr().out
    assert text.startswith(f'usage: sfnet {" ".join(verb)}')
    assert f'example:\n  sfnet {" ".join(verb)}' in text


@pytest.mark.parametrize('command', [['bag', 'evaluate'], ['bag', 'label'], ['bag', 'replay'], ['benchmark']])
def test_what_no_threads_stand_for_is_told(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command, '--help'])
    assert re.search(r'--threads N [^-]*, or\s+0\s+for', capsys.readouterr().out)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='0'):
        main(['--help'])
    text = capsys.readouterr().out
    assert all(re.search(rf'\n    {name}\s', text) for name in COMMANDS)


@pytest.mark.parametrize('arguments', [[], ['nonsense'], ['bag'], ['predict'], ['models', '--nonsense']])
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='2'):
        main(arguments)
    assert 'error:' in capsys.readouterr().err


def test_what_a_user_gets_wrong_is_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['predict', str(tmp_path), '--out', str(tmp_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f'sfnet predict: folder {tmp_path} holds no pictures')


def test_an_error_of_the_system_is_one_sentence_too(
    tmp_path: Path, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, out = tmp_path / 'a.png', tmp_path / 'taken'
    cv2.imwrite(str(picture), np.zeros((32, 32, 3), np.uint8))
    out.touch()
    assert main(['predict', str(picture), '--model', str(small_model), '--out', str(out)]) == 1
    sentence = 'is a file, and a folder is accepted there; choose another name, or move the file away'
    assert f'sfnet predict: {out} {sentence}\n' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('do', 'sentence'),
    [
        (lambda: Path('taken', 'x').mkdir(), 'taken/x cannot be, as what should be its folder is a file; choose'),
        (lambda: Path('folder').read_text(), 'folder is a folder, and a file is accepted there; give the path of'),
        (lambda: Path('nowhere').read_text(), 'nowhere does not exist; check the path'),
        (lambda: torch.empty(2**60), 'the memory is not enough; choose a smaller size or batch, or another --device ('),
        (lambda: np.empty(2**60, np.uint8), 'the memory is not enough; choose a smaller size'),
        (lambda: next(iter(DataLoader(Killed(), num_workers=1))), 'a process that loads pictures was killed, as it is'),
        (
            lambda: throw(torch.OutOfMemoryError('CUDA out of memory.\nMore')),
            'or another --device (CUDA out of memory.)',
        ),
        (lambda: throw(RuntimeError('CUDA error: misaligned address\nMore')), 'the GPU failed; try again, or choose'),
    ],
)
def test_what_the_system_refuses_says_what_to_do(
    do: Callable[[], object],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('taken').touch()
    Path('folder').mkdir()
    monkeypatch.setattr(models, 'run', lambda args: do())
    assert main(['models']) == 1
    said = capsys.readouterr().err
    assert said.startswith('sfnet models: ')
    assert sentence in said
    assert said.count('\n') == 1


def test_a_fault_of_the_program_is_not_hushed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, 'run', lambda args: throw(RuntimeError('a bug')))
    with pytest.raises(RuntimeError, match='a bug'):
        main(['models'])


def test_an_interrupt_while_a_class_is_made_is_one_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def __set_name__(self, owner: type, name: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(models, 'run', lambda args: type('Made', (), {'part': Interrupted()}))
    assert main(['models']) == 130
    assert capsys.readouterr().err == 'sfnet models: interrupted\n'


@pytest.mark.parametrize(('text', 'size'), [('', None), ('frame', 'frame'), ('360x480', (360, 480)), ('1x1', (1, 1))])
def test_an_input_size_is_read(text: str, size: object) -> None:
    assert parse_input_size(text) == size


@pytest.mark.parametrize('text', ['360', '360X480', '-1x5', 'x', '360x480x3', 'full'])
def test_an_input_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match='give HEIGHTxWIDTH, such as 360x480'):
        parse_input_size(text)


def test_a_reader_that_has_seen_enough_is_no_error(small_model: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, 'SFNET_MODELS': str(small_model.parent)}
    done = subprocess.run([*_SFNET, 'models'], stdout=writing, stderr=subprocess.PIPE, cwd=_CHECKOUT, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b'')


def test_an_interrupt_ends_with_130_and_no_half_written_file(tmp_path: Path, small_model: Path) -> None:
    for index in range(200):
        cv2.imwrite(str(tmp_path / f'{index:03}.png'), np.full((240, 320, 3), index, np.uint8))
    out = tmp_path / 'out'
    command = [*_SFNET, 'predict', str(tmp_path), '--model', str(small_model), '--out', str(out)]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not out.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.decode().splitlines()[-1] == 'sfnet predict: interrupted'
    assert b'Traceback' not in errors
    assert not list(out.glob('.*'))
