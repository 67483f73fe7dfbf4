from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from sfnet_ros.cli import main
from sfnet_ros.runtime import load_manifest, save_manifest
from sfnet_ros.training.distillation import DistillationLoss


@pytest.fixture
def drive(tmp_path):
    """Four labelled frames in CamVid's layout, train and val."""
    random = np.random.default_rng(0)
    for split in ('train', 'val'):
        for folder in (split, f'{split}annot'):
            (tmp_path / 'camvid' / folder).mkdir(parents=True)
        for index in range(4):
            name = f'000{index % 2}TP_{index:06d}.png'
            frame = random.integers(0, 256, (48, 64, 3)).astype(np.uint8)
            cv2.imwrite(str(tmp_path / 'camvid' / split / name), frame)
            label = np.full((48, 64), 3, np.uint8)
            label[:8] = 11
            cv2.imwrite(str(tmp_path / 'camvid' / f'{split}annot' / name), label)
    return tmp_path / 'camvid'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'tiny.yaml'
    values = {
        'name': 'tiny_model',
        'network': {'backbone': 'df1', 'num_classes': 11, 'width': 16},
        'data': {'root': 'nowhere', 'layout': 'camvid'},
        'card': {'licence_data': 'none'},
        'augment': {'crop_hw': [32, 64]},
        'input_short_side': 64,
        'epochs': 1,
        'batch_size': 2,
        'workers': 0,
    }
    path.write_text(yaml.safe_dump(values))
    return path


def test_a_trained_model_is_scored_and_its_manifest_says_what_it_is(drive, config, tmp_path, capsys):
    out = tmp_path / 'run'
    assert main(['train', '--config', str(config), '--data', str(drive), '--out', str(out)]) == 0
    trained = capsys.readouterr().out
    model = out / 'tiny_model'
    manifest = load_manifest(model)
    assert manifest.drives == ('0000TP', '0001TP')
    assert (manifest.recipe, manifest.licence_data, manifest.network_short_side) == ('tiny.yaml', 'none', 64)

    scores = tmp_path / 'scores.json'
    command = ['evaluate', '--model', str(model), '--data', str(drive), '--precision', 'float32']
    assert main([*command, '--json', str(scores), '--record']) == 0
    printed = capsys.readouterr().out
    # The validation in training and the evaluation of the file differ by the half precision of the file alone.
    assert printed.splitlines()[-1].startswith('mIoU')
    assert abs(float(printed.split()[-1]) - float(trained.splitlines()[-2].split()[-1])) < 1.0
    document = json.loads(scores.read_text())
    recorded = load_manifest(model).miou['camvid/val']
    assert document == {'miou': recorded.overall, 'iou_per_class': recorded.per_class}
    assert set(document['iou_per_class']) >= {'Road'}

    assert main([*command, '--drive', '0000TP', '--record']) == 0
    assert set(load_manifest(model).miou) == {'camvid/val', 'camvid/val+0000TP'}
    assert main([*command, '--jpeg-quality', '80']) == 0
    assert main([*command, '--jpeg-quality', '80', '--record']) == 1
    assert 'leave out --input-size, --jpeg-quality' in capsys.readouterr().err


def test_a_precision_is_held_against_float32_and_noted_where_it_is_faithful(drive, small_model, tmp_path, capsys):
    model = tmp_path / 'small'
    shutil.copytree(small_model, model)
    manifest = load_manifest(model)
    save_manifest(model, replace(manifest, faithful=('torch/bfloat16', 'torch/float16')))
    command = ['evaluate', '--model', str(model), '--data', str(drive), '--precision', 'bfloat16', '--record']
    assert main(command) == 0
    share = float(re.search(r'([0-9.]+) % of the labels are those of torch in float32', capsys.readouterr().out)[1])
    recorded = load_manifest(model)
    assert ('torch/bfloat16' in recorded.faithful) == (share >= 99.5)
    assert 'torch/float16' in recorded.faithful
    assert recorded.miou == manifest.miou


def test_a_run_is_neither_overwritten_nor_resumed_by_mistake(drive, config, tmp_path, capsys):
    out = tmp_path / 'run'
    command = ['train', '--config', str(config), '--data', str(drive), '--out', str(out)]
    assert main([*command, '--resume']) == 1
    assert 'holds no run to resume' in capsys.readouterr().err
    assert main(command) == 0
    assert main(command) == 1
    assert 'holds a run already; go on with it by --resume' in capsys.readouterr().err
    assert main([*command, '--resume']) == 0


@pytest.mark.parametrize('split', ['train', 'val'])
def test_pictures_that_cannot_be_used_are_listed_before_the_training(drive, config, tmp_path, capsys, split):
    first, second, *_ = sorted((drive / f'{split}annot').iterdir())
    first.write_bytes(b'torn')
    cv2.imwrite(str(second), np.full((48, 65), 3, np.uint8))
    assert main(['train', '--config', str(config), '--data', str(drive), '--out', str(tmp_path / 'run')]) == 1
    printed = capsys.readouterr()
    assert f'2 of 4 pictures cannot be used: label map {first} cannot be read' in printed.err
    assert f'label map {second} is 48x65' in printed.err
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        (['--data', 'absent'], 'absent/train does not exist'),
        (['--config', 'absent.yaml'], 'absent.yaml does not exist; check the path'),
        (['--init', 'absent'], "model 'absent' was not found"),
        (['--device', 'tpu'], "device 'tpu' is not known"),
    ],
)
def test_wrong_arguments_of_train_end_in_a_sentence(drive, config, tmp_path, capsys, change, sentence):
    command = ['train', '--config', str(config), '--data', str(drive), '--out', str(tmp_path / 'run'), *change]
    assert main(command) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.startswith('sfnet train: ')
    assert not (tmp_path / 'run').exists()


def changed(config, **values):
    config.write_text(yaml.safe_dump({**yaml.safe_load(config.read_text()), **values}))


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'name': 'my model'}, "model name 'my model' is not accepted"),
        ({'input_short_side': 16}, 'network_short_side is 16'),
        ({'network': {'backbone': 'df1', 'num_classes': 5}}, 'trains 5 classes, but label space camvid has 11'),
    ],
)
def test_what_the_model_cannot_be_is_said_before_the_training(drive, config, tmp_path, capsys, values, sentence):
    changed(config, **values)
    assert main(['train', '--config', str(config), '--data', str(drive), '--out', str(tmp_path / 'run')]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / 'run').exists()


def tear_pictures_of(drive):
    for picture in (drive / 'train').iterdir():
        picture.write_bytes(b'torn')


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'frozen_parts': 99}, 'training: frozen_parts is 99; df1 has'),
        ({'compile': 'foo'}, "training: compile 'foo' is not one of"),
        (
            {'network': {'backbone': 'resnet18', 'num_classes': 11}, 'backbone_weights': 'WEIGHTS'},
            'are not those of a resnet18',
        ),
        ({'frozen_parts': 1}, 'cannot be read; it is gone, damaged'),
    ],
)
def test_what_is_wrong_with_a_network_is_said_before_a_picture_is_read(
    drive, config, tmp_path, capsys, values, sentence
):
    tear_pictures_of(drive)
    weights = tmp_path / 'others.pth'
    torch.save({'conv.weight': torch.zeros(1)}, weights)
    changed(config, **{key: str(weights) if value == 'WEIGHTS' else value for key, value in values.items()})
    assert main(['train', '--config', str(config), '--data', str(drive), '--out', str(tmp_path / 'run')]) == 1
    assert sentence in capsys.readouterr().err


def test_a_resumed_run_of_another_config_is_refused_before_a_picture_is_read(drive, config, tmp_path, capsys):
    command = ['train', '--config', str(config), '--data', str(drive), '--out', str(tmp_path / 'run')]
    assert main(command) == 0
    tear_pictures_of(drive)
    changed(config, lr=0.5)
    assert main([*command, '--resume']) == 1
    assert 'is from a run with another config; resume with that one' in capsys.readouterr().err


def test_a_team_starts_its_own_classes_from_a_model_of_others(config, small_model, tmp_path, capsys):
    for folder, picture in (('images', np.zeros((48, 64, 3), np.uint8)), ('labels', np.ones((48, 64), np.uint8))):
        (tmp_path / 'mine' / 'train' / folder).mkdir(parents=True)
        for name in 'ab':
            cv2.imwrite(str(tmp_path / 'mine' / 'train' / folder / f'{name}.png'), picture)
    classes = [{'name': name, 'color': [0, 0, index], 'label_ids': [index]} for index, name in enumerate('xyz')]
    (tmp_path / 'mine.yaml').write_text(yaml.safe_dump({'classes': classes}))
    changed(
        config,
        network={'backbone': 'df1', 'num_classes': 3},
        data={'root': '', 'layout': 'folder', 'label_space': str(tmp_path / 'mine.yaml'), 'validation_split': ''},
    )
    command = ['train', '--config', str(config), '--data', str(tmp_path / 'mine'), '--out', str(tmp_path / 'run')]
    assert main([*command, '--init', str(small_model)]) == 0
    model = tmp_path / 'run' / 'tiny_model'
    assert load_manifest(model).load_label_space().names == ('x', 'y', 'z')

    changed(config, network={'backbone': 'df1', 'num_classes': 3, 'width': 16})
    assert main([*command[:-1], str(tmp_path / 'other'), '--init', str(small_model)]) == 1
    assert 'the model to start from has width 64 and the network 16' in capsys.readouterr().err


def test_a_run_learns_from_the_models_that_it_names_as_teachers(drive, config, small_model, tmp_path, monkeypatch):
    norms, taught_by = [], DistillationLoss.taught

    def taught_and_told(loss, batch):
        norms.append(sum(isinstance(module, torch.nn.BatchNorm2d) for module in loss.teachers.modules()))
        return taught_by(loss, batch)

    def trained(out):
        assert main(['train', '--config', str(config), '--data', str(drive), '--out', str(tmp_path / out)]) == 0
        return load_file(tmp_path / out / 'tiny_model' / 'weights.safetensors')

    alone = trained('alone')
    changed(config, distillation={'teachers': [str(small_model)]})
    monkeypatch.setattr(DistillationLoss, 'taught', taught_and_told)
    taught = trained('taught')
    assert not alone['classifier.predict.weight'].equal(taught['classifier.predict.weight'])
    # Theirs are folded away, as nobody trains them.
    assert norms == [0, 0]
