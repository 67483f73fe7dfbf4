"""`sfnet prepare` as a user meets it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sfnet_ros import cli
from sfnet_ros.runtime import Segmenter, load_manifest, save_manifest
from sfnet_ros.runtime.backends.device import default_device

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)


def test_what_is_prepared_is_what_auto_runs(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    model = tmp_path / 'model'
    shutil.copytree(small_model, model)
    save_manifest(model, replace(load_manifest(model), faithful=('onnxruntime/float32',)))
    assert Segmenter.from_model(model, device='cpu').describe() == 'model on torch/cpu/float32'
    assert cli.main(['prepare', '--model', str(model), '--backend', 'onnxruntime']) == 0
    said = capsys.readouterr().out.splitlines()
    graph = Path(said[0].removeprefix('onnxruntime/float32: '))
    assert graph.is_file()
    assert said[1] == 'auto is onnxruntime/cpu/float32 for model: the fastest that is installed, native and faithful'
    assert Segmenter.from_model(model, device='cpu').describe() == 'model on onnxruntime/cpu/float32'
    made = graph.stat().st_mtime_ns
    assert cli.main(['prepare', '--model', str(model), '--backend', 'onnxruntime']) == 0
    assert graph.stat().st_mtime_ns == made


def test_a_file_that_was_damaged_is_passed_over_and_made_anew(
    small_model: Path, tmp_path: Path, cache_with_graph: Path
) -> None:
    model = tmp_path / 'model'
    shutil.copytree(small_model, model)
    save_manifest(model, replace(load_manifest(model), faithful=('mnn/float32',)))
    command = ['prepare', '--model', str(model), '--backend', 'mnn', '--backend', 'openvino']
    (graph,) = cache_with_graph.rglob('*.onnx')
    made = graph.stat().st_mtime_ns
    assert cli.main(command) == 0
    (converted,) = cache_with_graph.rglob('*.mnn')
    # As a loss of power may leave it; a start of the node must not fail by it.
    os.truncate(converted, converted.stat().st_size // 2)
    assert Segmenter.from_model(model, device='cpu').describe() == 'model on torch/cpu/float32'
    assert cli.main(command) == 0
    assert Segmenter.from_model(model, device='cpu').describe() == 'model on mnn/cpu/float32'
    assert graph.stat().st_mtime_ns == made
    # That file is all it takes to start: nothing is made while a node configures.
    graph.unlink()
    assert Segmenter.from_model(model, device='cpu').describe() == 'model on mnn/cpu/float32'
    assert not graph.exists()


@pytest.mark.parametrize(
    ('backend', 'sentence'),
    [
        ('onnx', "backend 'onnx' is not known"),
        pytest.param(
            'tensorrt',
            'backend tensorrt does not run on cpu; use backend auto, or device cpu',
            marks=pytest.mark.skipif(default_device() != 'cpu', reason='there is a GPU'),
        ),
    ],
)
def test_a_backend_that_is_none_is_a_sentence(
    small_model: Path, backend: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(['prepare', '--model', str(small_model), '--backend', backend]) == 1
    assert sentence in capsys.readouterr().err
