"""`sfnet export` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from sfnet_ros import cli
from sfnet_ros.runtime.export import verify

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / 'frames'
    folder.mkdir()
    blocks = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    cv2.imwrite(str(folder / 'a.png'), blocks.repeat(8, axis=0).repeat(8, axis=1))
    return folder


def test_a_graph_carries_what_a_program_needs(
    small_model: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'small.onnx'
    options = ['--model', str(small_model), '--frames', str(frames), '--out', str(out)]
    assert cli.main(['export', *options, '--size', '65x97']) == 0
    assert "small.onnx: 100.000 % of the labels of 1 frames are torch's" in capsys.readouterr().out
    said = onnxruntime.InferenceSession(out, providers=['CPUExecutionProvider']).get_modelmeta().custom_metadata_map
    assert (said['model'], said['size'], said['label_space']) == ('small', '65x97', 'camvid')
    assert json.loads(said['labels'])[0] == 'Sky'
    assert json.loads(said['mean']) == [0.485, 0.456, 0.406]


def test_a_graph_that_labels_otherwise_is_deleted(
    small_model: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / 'small.onnx'
    out.write_bytes(b'what was there')
    true_share = verify.labels_in_common
    monkeypatch.setattr(verify, 'labels_in_common', lambda *args: true_share(*args) - 0.01)
    options = ['--model', str(small_model), '--frames', str(frames), '--out', str(out), '--outputs', 'logits']
    assert cli.main(['export', *options, '--size', '64x64']) == 1
    assert (
        'gives 99.00 % of the labels of torch where 99.9 % are accepted, so it was deleted' in capsys.readouterr().err
    )
    assert [path.name for path in sorted(tmp_path.iterdir())] == ['frames', 'small.onnx']
    assert out.read_bytes() == b'what was there'


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--size', '97'], "--size '97' is not accepted; give HEIGHTxWIDTH, such as 360x480, or 'dynamic'"),
        ([], "--size '' is not accepted"),
        (['--size', '16x64'], '--size 16x64 is not accepted; sides from 32 px on are'),
        (['--size', '64x64', '--batch', '0'], "--batch '0' is not accepted; give a number from 1 on, or 'dynamic'"),
        (['--size', '64x64', '--out', 'x.pt'], '--out x.pt is not accepted: the name of an ONNX graph ends in .onnx'),
        (['--size', '64x64', '--precision', 'bf16'], '--precision bf16 of an ONNX graph is not accepted; give float32'),
        (['--size', '64x64', '--frames', '/nowhere'], '/nowhere'),
        (['--size', '99999x99999'], "the network's size is (99999, 99999); accepted are"),
        (['--size', '64x64', '--out', '/proc/x.onnx'], '/proc/x.onnx does not exist; check the path'),
        (['--size', '64x64', '--data', 'mine'], '--data says nothing to an ONNX graph; leave it out'),
        (['--precision', 'int8'], 'int8 is calibrated on training frames; give --data'),
        (['--precision', 'int8', '--out', 'x.onnx'], '--out says nothing to int8; leave it out'),
        (['--format', 'tensorrt', '--outputs', 'logits'], '--outputs says nothing to a TensorRT engine; leave it out'),
    ],
)
def test_what_cannot_be_is_a_sentence(
    small_model: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(['export', '--model', str(small_model), *options]) == 1
    assert sentence in capsys.readouterr().err
