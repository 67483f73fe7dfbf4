from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sfnet_ros.training.config import TrainingConfig

SHIPPED = sorted((Path(__file__).parents[2] / 'config' / 'train').glob('*.yaml'))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_config_is_accepted(path):
    assert TrainingConfig.load(path).epochs > 0


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'epoch': 3}, "training: unknown key 'epoch'; did you mean 'epochs'"),
        ({'epochs': 0}, 'training: epochs is 0; accepted are numbers from 1 on'),
        ({'lr': 0}, r'training: lr is 0\.0; accepted are numbers above 0'),
        ({'ema_decay': 1.0}, 'ema_decay is 1.0; accepted are 0 to below 1'),
        ({'precision': 'int8'}, "precision 'int8' is not one of auto, float32, bfloat16"),
        ({'loss': {'kind': 'dice'}}, "loss: kind 'dice' is not one of cross_entropy, ohem"),
        ({'augment': {'crop_hw': [16, 64]}}, 'crop_hw is'),
        ({'augment': {'scale_range': [2.0, 1.0]}}, 'accepted is low, high'),
        ({'augment': {'scale_range': [1.0, math.inf]}}, 'accepted is low, high'),
        (
            {'augment': {'flip_probability': 50.0}},
            r'flip_probability is 50\.0; accepted are numbers from 0 to 1',
        ),
        ({'augment': {'hue': math.nan}}, 'augment: hue is nan; accepted are numbers from 0 to 1'),
        ({'augment': {'gamma': -2.0}}, r'augment: gamma is -2\.0; accepted are numbers from 0 on'),
        ({'augment': {'contrast': math.inf}}, 'augment: contrast is inf; accepted are numbers from 0 on'),
        ({'coarse_data': {'root': 'a', 'share': math.inf}}, 'coarse_data: share is inf; accepted are numbers above 0'),
        ({'loss': {'aux_weight': -1.0}}, r'loss: aux_weight is -1\.0; accepted are numbers from 0 on'),
        ({'loss': {'ohem_threshold': 5.0}}, r'loss: ohem_threshold is 5\.0; accepted are numbers from 0 to 1'),
        ({'lr': math.inf}, 'training: lr is inf; accepted are numbers above 0'),
        ({'momentum': -1.0}, r'training: momentum is -1\.0; accepted are 0 to below 1'),
        ({'weight_decay': -1.0}, r'training: weight_decay is -1\.0; accepted are numbers from 0 to 1000'),
        ({'poly_power': math.nan}, 'training: poly_power is nan; accepted are numbers from 0 on'),
        ({'finish_zoom': math.inf}, 'a finish_zoom of 0.1 to 10'),
        ({'seed': 2**70}, f'training: seed is {2**70}; accepted are numbers from 0 to 18446744073709551615'),
        ({'threads': 10**6}, 'training: threads is 1000000; accepted are numbers from 0 to 1024'),
        ({'epochs': 10**400}, 'training: epochs is 1000.*; accepted are numbers from 1 on'),
        ({'augment': {'scale_range': [0.01, 2.0]}}, r'accepted is low, high with 0\.1 <= low <= high <= 10'),
        ({'augment': {'scale_range': [1.0, 30.0]}}, r'accepted is low, high with 0\.1 <= low <= high <= 10'),
        ({'augment': {'crop_hw': [64, 10**6]}}, r'crop_hw is \(64, 1000000\); accepted are sizes from 32 to 16384'),
        (
            {'data': {'root': 'a', 'long_side': 10**6}},
            'data: long_side is 1000000; accepted are numbers from 0 to 16384',
        ),
        (
            {'coarse_data': {'root': 'a', 'share': 1e12}},
            'share is 1000000000000.0; accepted are numbers above 0, to 1000',
        ),
        ({'loss': {'aux_stride': 10**30}}, 'loss: aux_stride is 10+; accepted are numbers from 1 to 16384'),
        ({'finish_zoom': 1e-300}, 'a finish_zoom of 0.1 to 10'),
        ({'finish_zoom': 30.0}, 'a finish_zoom of 0.1 to 10'),
        ({'distillation': {'temperature': 1e300}}, r'temperature is 1e\+300; accepted are numbers above 0, to 1000'),
        ({'lr': 1e300}, r'training: lr is 1e\+300; accepted are numbers above 0, to 1000'),
        ({'backbone_lr_factor': 1e300}, r'backbone_lr_factor is 1e\+300; accepted are numbers from 0 to 1000'),
        ({'weight_decay': 1e300}, r'weight_decay is 1e\+300; accepted are numbers from 0 to 1000'),
        (
            {'network': {'backbone': 'df1', 'width': 10**9}},
            'width is 1000000000; accepted are even numbers from 2 to 4096',
        ),
        ({'name': '../elsewhere'}, r"training: name '\.\./elsewhere' is not accepted; give the name of a folder"),
        ({'name': ''}, "training: name '' is not accepted"),
        ({'network': {'backbone': 'df9'}}, "backbone 'df9' is not one of"),
    ],
)
def test_a_bad_setting_is_refused_in_a_sentence(config, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        config(**changes)


def test_a_file_that_is_no_config_is_refused_with_its_path(tmp_path):
    path = tmp_path / 'run.yaml'
    path.write_text('epochs: [')
    with pytest.raises(ValueError, match=r'run\.yaml: while parsing'):
        TrainingConfig.load(path)
    path.write_text(yaml.safe_dump({'name': 'a'}))
    with pytest.raises(ValueError, match=r'run\.yaml: training: network is missing'):
        TrainingConfig.load(path)


@pytest.mark.parametrize(
    ('written', 'sentence'),
    [
        ('epocks: 3', "unknown key 'epocks'; did you mean 'epochs'"),
        ('data: {layout: foldr}', "layout 'foldr' is not one of"),
        ('data: {label_space: camvod}', "label space 'camvod' is not known"),
        ('data: {layout: camvid, split: trian}', "split 'trian' is not one of"),
        ('data: {root: nowhere}', 'folder nowhere/images does not exist'),
        ('data: {validation_split: val}', 'folder ROOT/val/images does not exist'),
        ('network: {backbone: df9}', "backbone 'df9' is not one of"),
        ('network: {variant: lyte}', "'lyte' is not known; did you mean 'lite'"),
        ('network: {width: 15}', 'width is 15; accepted are even numbers'),
        ('network: {num_classes: 5}', 'trains 5 classes, but label space camvid has 11'),
        ('init: absent', "model 'absent' was not found"),
        ('init: df1_camvid\nnetwork: {backbone: df2}', 'to start from has backbone df1 and the network df2'),
        ('distillation: {teachers: [absent]}', "model 'absent' was not found"),
        (
            'distillation: {teachers: [df1_camvid]}\ndata: {label_space: cityscapes}\nnetwork: {num_classes: 19}',
            'teacher df1_camvid gives 11 classes and the network 19',
        ),
        ('backbone_weights: absent.pth\nnetwork: {backbone: resnet18}', 'absent.pth does not exist'),
        ('backbone_weights: absent.pth', 'backbone_weights are for resnet* and efficientnet_lite*'),
        ('coarse_data: {root: nowhere}', 'folder nowhere/images does not exist'),
        ('coarse_data: {root: ROOT, may_be: {Building: [Pule]}}', "coarse_data: may_be: 'Pule' is not one of"),
        ('name: my model', "model name 'my model' is not accepted"),
        ('input_short_side: 16', 'network_short_side is 16'),
    ],
)
def test_a_wrong_config_is_refused_before_torch_is_loaded(drive, tmp_path, written, sentence):
    root = str(drive.pairs[0].image.parents[1])
    path = tmp_path / 'run.yaml'
    base = 'network: {num_classes: 11}\ndata: {root: ROOT, layout: folder, split: "", validation_split: ""}\n'
    (tmp_path / 'base.yaml').write_text(base.replace('ROOT', root))
    path.write_text(f'base: base.yaml\n{written.replace("ROOT", root)}\n')
    program = (
        'import sys; from sfnet_ros.cli import main; '
        f'code = main(["train", "--config", {str(path)!r}, "--out", {str(tmp_path / "run")!r}]); '
        'print(code, "torch" in sys.modules)'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, timeout=60, check=True)
    assert sentence.replace('ROOT', root) in done.stderr
    assert done.stdout.split() == ['1', 'False']
