"""`sfnet import`, from a file as the authors' code saves it to a model that predicts."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from sfnet_ros.cli import main
from sfnet_ros.runtime import load_manifest, load_model

# Names and shapes of the authors' state dict; see README.md there.
_OFFICIAL_DF1 = Path(__file__).parents[1] / 'data' / 'official_df1.npz'


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with np.load(_OFFICIAL_DF1) as official:
        keys, shapes = official['keys'], map(json.loads, official['shapes'])
    generator = torch.Generator().manual_seed(0)
    state = {f'module.{key}': torch.rand(shape, generator=generator) for key, shape in zip(keys, shapes, strict=True)}
    path = tmp_path_factory.mktemp('released') / 'sfnet_df1.pth'
    torch.save({'state_dict': state, 'optimizer': None, 'epoch': 3, 'mean_iu': np.float64(0.7)}, path)
    return path


def test_an_imported_model_predicts_under_its_name(
    checkpoint: Path, private_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['import', str(checkpoint), '--name', 'df1_city', '--labels', 'cityscapes', '--short-side', '64']) == 0
    folder = private_home / '.local' / 'share' / 'sfnet_ros' / 'models' / 'df1_city'
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f'model: {folder}'
    assert printed[1].startswith('df1, 19 classes of cityscapes, width 64')
    manifest = load_manifest(folder)
    assert manifest.weights_sha256 in printed[2]
    assert (manifest.network_short_side, manifest.label_space) == (64, 'cityscapes')
    assert not manifest.network.aux_heads

    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((64, 64, 3), np.uint8))
    assert main(['predict', str(tmp_path / 'a.png'), '--model', 'df1_city', '--out', str(tmp_path)]) == 0
    assert main(['import', str(checkpoint), '--name', 'df1_city', '--labels', 'cityscapes']) == 1
    assert 'exists already' in capsys.readouterr().err
    assert main(['import', str(checkpoint), '--name', 'df1_city', '--labels', 'cityscapes', '--overwrite']) == 0
    assert load_manifest(folder).network_short_side == 1024


def test_what_no_shape_tells_is_taken_from_the_options(checkpoint: Path, tmp_path: Path) -> None:
    options = ['--no-dilation', '--warp-align-corners', 'false', '--out', str(tmp_path)]
    assert main(['import', str(checkpoint), '--name', 'x', '--labels', 'cityscapes', *options]) == 0
    network = load_manifest(tmp_path / 'x').network
    assert not network.dilated
    assert not network.warp_align_corners


def test_a_label_space_of_ones_own_is_found_from_anywhere(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = [f'  - {{name: c{index}, color: [0, 0, {index}], label_ids: [{index}]}}' for index in range(19)]
    (tmp_path / 'mine.yaml').write_text('\n'.join(['classes:', *classes]))
    monkeypatch.chdir(tmp_path)
    assert main(['import', str(checkpoint), '--name', 'x', '--labels', 'mine.yaml', '--out', 'models']) == 0
    monkeypatch.chdir('/')
    _, manifest = load_model(tmp_path / 'models' / 'x')
    assert manifest.load_label_space().name == 'mine'


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'--labels': 'camvid'}, 'model x gives 19 classes, but label space camvid has 11'),
        ({'--labels': 'nonsense'}, "label space 'nonsense' is not known"),
        ({'--name': '../x'}, "model name '../x' is not accepted"),
        ({'--short-side': '1'}, 'network_short_side is 1; 32 to 2880 px'),
    ],
)
def test_a_wrong_option_leaves_nothing_behind(
    changes: dict[str, str], sentence: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {'--name': 'x', '--labels': 'cityscapes', '--out': str(tmp_path), **changes}
    assert main(['import', str(checkpoint), *(word for pair in options.items() for word in pair)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f'sfnet import: {sentence}')
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'x.pth').write_bytes(b'no checkpoint')
    assert main(['import', str(tmp_path / 'x.pth'), '--name', 'x', '--labels', 'cityscapes']) == 1
    assert main(['import', str(tmp_path / 'nowhere.pth'), '--name', 'x', '--labels', 'cityscapes']) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert 'x.pth was not loaded' in lines[0]
    assert 'nowhere.pth does not exist' in lines[1]
