"""The authors' weights load wholly or not at all, and give the authors' logits."""

from __future__ import annotations

import math
import os
import pickle
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.random import PCG64, Generator

from sfnet_ros.network import load_released_checkpoint

# What the authors' released code computes with weights that `formula_tensor` draws.
DATA = Path(__file__).parents[1] / 'data'
REFERENCES = sorted(DATA.glob('official_*.npz'))
DF1 = DATA / 'official_df1.npz'


def formula_tensor(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    generator = Generator(PCG64(zlib.crc32(key.encode())))
    if key.endswith('num_batches_tracked'):
        return torch.tensor(0)
    if len(shape) == 4:
        values = generator.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))
        values *= 4 if 'flow_make' in key else 1
    elif key.endswith('running_var'):
        values = generator.uniform(0.5, 1.5, shape)
    elif key.endswith('weight'):
        values = generator.uniform(0.4, 0.8, shape)
    else:
        values = 0.1 * generator.standard_normal(shape)
    return torch.from_numpy(values.astype(np.float32))


def released_state(reference: Path) -> dict[str, torch.Tensor]:
    with np.load(reference) as stored:
        keys, shapes = stored['keys'], stored['shapes']
    sizes = [tuple(int(size) for size in str(shape).strip('[]').split(',') if size.strip()) for shape in shapes]
    return {str(key): formula_tensor(str(key), shape) for key, shape in zip(keys, sizes, strict=True)}


def network_input(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.from_numpy(Generator(PCG64(seed)).standard_normal(shape).astype(np.float32))


@pytest.mark.parametrize('reference', REFERENCES, ids=lambda path: path.stem)
def test_released_weights_give_the_released_logits(reference):
    model, _ = load_released_checkpoint(released_state(reference))
    with np.load(reference) as stored:
        cases = [(0, (1, 3, 128, 256), 4, stored['logits']), (1, (1, 3, 90, 122), 3, stored['logits_odd'])]
    for seed, shape, step, expected in cases:
        with torch.inference_mode():
            logits = model(network_input(seed, shape))[:, :, ::step, ::step].numpy()
        error = np.abs(logits - expected).max()
        assert error <= 1e-5 * max(1.0, np.abs(expected).max()), f'{reference.stem}: off by {error}'


def test_the_architecture_is_told_from_the_shapes():
    _, df1 = load_released_checkpoint(released_state(DF1))
    assert (df1.backbone, df1.num_classes, df1.width, df1.finest_stride) == ('df1', 19, 64, 16)
    _, resnet = load_released_checkpoint(released_state(DATA / 'official_r18.npz'), dilated=False)
    assert (resnet.backbone, resnet.width, resnet.finest_stride, resnet.dilated) == ('resnet18', 128, 4, False)


@pytest.mark.parametrize(
    ('reference', 'backbone', 'variant', 'width'),
    [
        ('lite_r18', 'resnet18', 'lite', 128),
        ('lite_stdc1', 'stdc1', 'lite', 128),
        ('lite_conv_gate_stdc1', 'stdc1', 'lite_conv_gate', 128),
        ('stdc2', 'stdc2', 'sfnet', 64),
    ],
)
def test_lite_and_stdc_are_told_from_the_shapes(reference, backbone, variant, width):
    _, config = load_released_checkpoint(released_state(DATA / f'official_{reference}.npz'))
    assert (config.backbone, config.variant, config.width, config.finest_stride) == (backbone, variant, width, 4)
    # Lite's checkpoints hold a head that nothing trained.
    assert not config.aux_heads


def test_either_name_of_a_tensor_of_stdc_will_do_and_both_are_one_tensor():
    state = released_state(DATA / 'official_lite_stdc1.npz')
    by_stage = {key: value for key, value in state.items() if not key.startswith('backbone.features.')}
    by_block = {re.sub(r'backbone\.x\d+\.0\.', 'backbone.features.', key): by_stage[key] for key in by_stage}
    batch = network_input(0, (1, 3, 64, 64))
    with torch.inference_mode():
        logits = [load_released_checkpoint(each)[0](batch) for each in (state, by_stage, by_block)]
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[0], logits[2])


def test_a_partial_stdc_is_refused_and_what_it_never_runs_is_not_asked_for():
    state = released_state(DATA / 'official_lite_stdc1.npz')
    unused = ('backbone.conv_last', 'backbone.fc', 'backbone.bn', 'backbone.linear', 'head.dsn')
    bare = {key: value for key, value in state.items() if not key.startswith(unused)}
    load_released_checkpoint(bare)
    for key in [key for key in bare if '.6.conv_list.0.conv.' in key]:
        del bare[key]
    with pytest.raises(ValueError, match=r'missing: backbone\.stage5\.0\.convs\.0\.0\.weight'):
        load_released_checkpoint(bare)
    with pytest.raises(ValueError, match=r'unexpected: backbone\.conv_last\.weight'):
        load_released_checkpoint({**released_state(DF1), 'backbone.conv_last.weight': torch.zeros(1)})
    del state['backbone.x16.0.4.avd_layer.0.weight'], state['backbone.features.4.avd_layer.0.weight']
    with pytest.raises(ValueError, match=r'backbone that is not known \(2 stages of STDC\); accepted are'):
        load_released_checkpoint(state)


def test_dilation_and_corners_change_the_logits():
    state = released_state(DATA / 'official_r18.npz')
    batch = network_input(0, (1, 3, 64, 96))
    with torch.inference_mode():
        expected = load_released_checkpoint(state)[0](batch)
        for option in ({'dilated': False}, {'warp_align_corners': False}):
            assert (load_released_checkpoint(state, **option)[0](batch) - expected).abs().max() > 1e-2


@pytest.mark.parametrize('legacy', [False, True], ids=['zip', 'legacy'])
def test_a_file_as_the_authors_saved_it_loads(tmp_path, legacy):
    state = released_state(DF1)
    path = tmp_path / 'sfnet_df1.pth'
    content = {
        'state_dict': {f'module.{key}': value for key, value in state.items()},
        'optimizer': {'state': {0: {'momentum_buffer': torch.zeros(2)}}, 'param_groups': [{'lr': 0.01, 'params': [0]}]},
        'epoch': 180,
        'mean_iu': np.float64(0.722),
        'command': 'train.py --arch network.sfnet_dfnet',
    }
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    model, config = load_released_checkpoint(path)
    assert config.backbone == 'df1'
    assert torch.equal(model.backbone.stem[0].weight, state['backbone.stage1.0.weight'])


def test_auxiliary_heads_of_a_file_are_loaded(tmp_path):
    state = released_state(DF1)
    for level in (0, 1):
        shapes = {'0.weight': (64, 64, 3, 3), '0.bias': (64,), '4.weight': (19, 64, 1, 1), '4.bias': (19,)}
        norms = {f'1.{name}': (64,) for name in ('weight', 'bias', 'running_mean', 'running_var')}
        for name, shape in {**shapes, **norms, '1.num_batches_tracked': ()}.items():
            state[f'head.dsn.{level}.{name}'] = formula_tensor(f'head.dsn.{level}.{name}', shape)
    model, config = load_released_checkpoint(state)
    assert config.aux_heads
    assert len(model.forward_details(network_input(0, (1, 3, 64, 64))).aux_logits) == 2


def test_a_partial_fit_is_refused_and_names_the_keys():
    state = released_state(DF1)
    del state['head.fpn_in.1.0.bias']
    with pytest.raises(ValueError, match=r'missing: decoder\.laterals\.1\.0\.bias'):
        load_released_checkpoint(state)
    state = released_state(DF1)
    state['head.extra.weight'] = torch.zeros(1)
    with pytest.raises(ValueError, match=r'unexpected: head\.extra\.weight'):
        load_released_checkpoint(state)
    state = released_state(DF1)
    state['backbone.stage3.0.conv1.weight'] = torch.zeros(128, 64, 1, 1)
    with pytest.raises(ValueError, match=r'of another shape: backbone\.stage3\.0\.conv1\.weight'):
        load_released_checkpoint(state)


class _Malicious:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


def test_a_malicious_pickle_is_refused_and_not_run(tmp_path):
    proof = tmp_path / 'proof'
    for name, saved in (('zip', True), ('legacy', False)):
        path = tmp_path / f'{name}.pth'
        torch.save({'state_dict': {'a': torch.zeros(1)}, 'x': _Malicious(proof)}, path,
                   _use_new_zipfile_serialization=saved)  # fmt: skip
        with pytest.raises(ValueError, match='unsafe to open'):
            load_released_checkpoint(path)
    raw = tmp_path / 'raw.pth'
    raw.write_bytes(pickle.dumps(_Malicious(proof)))
    with pytest.raises(ValueError, match='unsafe to open'):
        load_released_checkpoint(raw)
    assert not proof.exists()


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', b'PK\x03\x04 torn'])
def test_a_file_that_is_no_checkpoint_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / 'broken.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='was not loaded'):
        load_released_checkpoint(path)


@pytest.mark.parametrize(
    'odd', [{'head.ppm.stages.0': torch.zeros(1)}, {7: torch.zeros(1)}, {'head.fpn_out.0': torch.zeros(1)}], ids=str
)
def test_odd_names_are_refused_as_unexpected(odd):
    with pytest.raises(ValueError, match='nothing was loaded; unexpected'):
        load_released_checkpoint({**released_state(DF1), **odd})


def test_other_networks_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match='does not exist'):
        load_released_checkpoint(tmp_path / 'absent.pth')
    with pytest.raises(ValueError, match='not of a released SFNet'):
        load_released_checkpoint({'conv1.weight': torch.zeros(64, 3, 7, 7)})
    with pytest.raises(ValueError, match='not of a released SFNet'):
        load_released_checkpoint({**released_state(DF1), 'head.conv_last.1.weight': torch.tensor(1.0)})
    path = tmp_path / 'list.pth'
    torch.save([torch.zeros(1)], path)
    with pytest.raises(ValueError, match='holds no state dict'):
        load_released_checkpoint(path)
