"""`sfnet models`."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sfnet_ros.cli import main
from sfnet_ros.runtime import SplitScores, load_manifest, save_manifest


@pytest.fixture
def store(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(small_model, tmp_path / 'mine')
    monkeypatch.setenv('SFNET_MODELS', str(tmp_path))
    return tmp_path


def _line(output: str, name: str) -> str:
    return next(line for line in output.splitlines() if line.startswith(f'{name} '))


def test_the_table_says_what_is_known_of_a_model(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = load_manifest(store / 'mine')
    scores = {'val': SplitScores(0.5814), '0006R0': SplitScores(0.4)}
    save_manifest(store / 'mine', replace(manifest, miou=scores, licence_weights='CC BY-NC 4.0'))
    assert main(['models']) == 0
    cells = _line(capsys.readouterr().out, 'mine').split('  ')
    expected = ['mine', 'df1', 'camvid', 'short side 96', 'val 58.1, 0006R0 40.0', 'CC BY-NC 4.0', str(store / 'mine')]
    assert [cell.strip() for cell in cells if cell] == expected


def test_what_is_not_known_is_said(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['models']) == 0
    line = _line(capsys.readouterr().out, 'mine')
    assert 'not measured' in line
    assert 'unknown' in line


def test_a_broken_model_does_not_hide_the_others(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store / 'broken').mkdir()
    (store / 'broken' / 'model.yaml').write_text('temprature: 1')
    assert main(['models']) == 0
    shown = capsys.readouterr()
    assert _line(shown.out, 'mine')
    assert "unknown key 'temprature'; did you mean 'temperature'?" in shown.err
