"""`sfnet evaluate` as the paper tests: several looks, several processes, and what goes to a test server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.cli import main
from sfnet_ros.runtime import load_manifest, save_model

_CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def drive(tmp_path_factory):
    """Five labelled frames in CamVid's layout."""
    root = tmp_path_factory.mktemp('camvid')
    random = np.random.default_rng(0)
    (root / 'val').mkdir()
    (root / 'valannot').mkdir()
    for index in range(5):
        coarse = random.integers(0, 256, (3, 4, 3)).astype(np.uint8)
        cv2.imwrite(str(root / 'val' / f'0016E5_{index}.png'), cv2.resize(coarse, (128, 96)))
        label = random.integers(0, 12, (3, 4)).astype(np.uint8).repeat(32, 0).repeat(32, 1)
        cv2.imwrite(str(root / 'valannot' / f'0016E5_{index}.png'), label)
    return root


def scores_of(model, drive, out, *options):
    command = ['evaluate', '--model', str(model), '--data', str(drive), '--precision', 'float32', '--json', str(out)]
    assert main([*command, *options]) == 0
    return json.loads(out.read_text())


def test_one_look_is_what_the_robot_sees_and_several_are_not(drive, small_model, tmp_path, capsys):
    plain = scores_of(small_model, drive, tmp_path / 'plain.json', '--backend', 'torch')
    # A window that holds the whole picture, as a protocol of one look.
    window = scores_of(small_model, drive, tmp_path / 'window.json', '--crop', '500x500')
    assert window['miou'] == pytest.approx(plain['miou'], abs=1e-3)
    several = scores_of(small_model, drive, tmp_path / 'all.json', '--scales', '0.5', '1.0', '2.0', '--flip')
    assert several != plain
    assert 'on torch/cpu/float32, scales 0.5 1 2, flip, val: 5 frames' in capsys.readouterr().out


def test_shards_of_two_processes_count_exactly_what_one_counts(drive, small_model, tmp_path):
    one = scores_of(small_model, drive, tmp_path / 'one.json', '--backend', 'torch')
    two = tmp_path / 'two.json'
    program = ['-m', 'sfnet_ros.cli', 'evaluate', '--model', small_model, '--data', drive, '--precision', 'float32']
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2', *program]
    done = subprocess.run(
        [*map(str, command), '--backend', 'torch', '--json', str(two)],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(_CHECKOUT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(two.read_text()) == one
    assert done.stdout.count('mIoU') == 1


def test_a_row_as_in_the_paper(drive, small_model, capsys):
    assert main(['evaluate', '--model', str(small_model), '--data', str(drive), '--flip', '--markdown']) == 0
    head, line, row = capsys.readouterr().out.splitlines()[-3:]
    assert head.startswith('| Method | Sky | Building |')
    assert head.endswith('| mIoU |')
    assert line.count('---') == row.count('|') - 1 == 13


@pytest.mark.parametrize('labels', ['none', 'nothing labelled'])
def test_a_submission_holds_every_picture_at_its_size(small_model, tmp_path, capsys, labels):
    root = tmp_path / 'cityscapes'
    files = {'leftImg8bit': ('leftImg8bit', (96, 128, 3)), 'gtFine': ('gtFine_labelIds', (96, 128))}
    for folder in ('leftImg8bit',) if labels == 'none' else files:
        ending, shape = files[folder]
        path = root / folder / 'test' / 'berlin' / f'berlin_000000_000019_{ending}.png'
        path.parent.mkdir(parents=True)
        # The published labels of the test split are those of what is out of the region of interest.
        cv2.imwrite(str(path), np.full(shape, 3, np.uint8))
    model = save_cityscapes_model(small_model, tmp_path / 'model')
    out = tmp_path / 'test.zip'
    command = ['evaluate', '--model', str(model), '--layout', 'cityscapes', '--data', str(root), '--split', 'test']
    command += ['--precision', 'float32', '--backend', 'torch', '--submission', str(out)]
    assert main([*command, '--json', str(tmp_path / 'scores.json')]) == 0
    assert 'so there are no scores' in capsys.readouterr().out
    assert json.loads((tmp_path / 'scores.json').read_text()) == {'miou': None, 'iou_per_class': {}}
    with zipfile.ZipFile(out) as archive:
        (name,) = archive.namelist()
        ids = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
    assert name == 'berlin_000000_000019_pred.png'
    assert ids.shape == (96, 128)
    assert set(np.unique(ids)) <= {item.label_ids[0] for item in load_manifest(model).load_label_space().classes}
    assert main([*command, '--record']) == 1
    assert ('gtFine' in capsys.readouterr().err) == (labels == 'none')


def test_scores_that_there_are_not_are_written_as_none_and_never_recorded(small_model, tmp_path, capsys):
    root = tmp_path / 'plain'
    for folder, shape in (('images', (96, 128, 3)), ('labels', (96, 128))):
        (root / folder).mkdir(parents=True)
        cv2.imwrite(str(root / folder / 'a.png'), np.full(shape, 11, np.uint8))
    model = tmp_path / 'model'
    shutil.copytree(small_model, model)
    command = ['evaluate', '--model', str(model), '--layout', 'folder', '--data', str(root), '--split', '']
    assert main([*command, '--json', str(tmp_path / 'scores.json')]) == 0
    assert json.loads((tmp_path / 'scores.json').read_text()) == {'miou': None, 'iou_per_class': {}}
    command += ['--backend', 'torch', '--record', '--precision']
    assert main([*command, 'float32']) == 1
    assert 'nothing to record' in capsys.readouterr().err
    assert load_manifest(model).miou == load_manifest(small_model).miou
    # Whether labels are those of float32 is known without a truth.
    assert main([*command, 'bfloat16']) == 0
    assert 'of the labels are those of torch in float32' in capsys.readouterr().out
    assert 'torch/bfloat16' in (model / 'model.yaml').read_text()


def save_cityscapes_model(like, folder):
    from dataclasses import replace

    from sfnet_ros.network import create_model

    manifest = load_manifest(like)
    config = replace(manifest.network, num_classes=19)
    save_model(folder, create_model(config), replace(manifest, network=config, label_space='cityscapes'))
    return folder


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--flip', '--backend', 'mnn'], 'run with torch in float32, not with mnn in auto'),
        (['--scales', '99'], 'one or more from 0.1 to 8'),
        (['--crop', '832'], "--crop '832' is not accepted"),
        (['--crop', '832x832', '--record'], '--record notes what the model gives as it is'),
        (['--submission', 'out.png'], 'is no .zip'),
        (['--submission', 'out.zip', '--split', 'test'], 'layout camvid is read with its labels alone'),
    ],
)
def test_options_that_do_not_go_together_end_in_a_sentence(drive, small_model, capsys, options, sentence):
    assert main(['evaluate', '--model', str(small_model), '--data', str(drive), *options]) == 1
    assert sentence in capsys.readouterr().err
