"""Real processes: two that train together, and one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sfnet_ros.cli import main

ROOT = Path(__file__).parents[2]
SFNET = ['-m', 'sfnet_ros.cli']

# Waits for what comes instead of keeping the state of its third epoch: a small run would be over before it is killed.
STOPS_AT_WORK = """if True:
    import signal, sys
    from sfnet_ros.cli import main
    from sfnet_ros.training.trainer import Trainer
    save = Trainer.save
    def save_or_wait(trainer, *others):
        if trainer.epoch > 2:
            signal.pause()
        save(trainer, *others)
    Trainer.save = save_or_wait
    sys.exit(main(sys.argv[1:]))"""


@pytest.fixture
def write_config(drive, tmp_path):
    """Write the config of a run of seconds; keyword arguments change it."""

    def write(**changes):
        values = {
            'name': 'tiny',
            'network': {'backbone': 'shufflenetv2', 'num_classes': 11, 'finest_stride': 8, 'width': 16},
            'data': {'root': str(drive.pairs[0].image.parents[1]), 'layout': 'folder', 'split': ''},
            'augment': {'crop_hw': [32, 64], 'scale_range': [0.8, 1.2], 'rare_class_probability': 0.5},
            'input_short_side': 64,
            'epochs': 2,
            'batch_size': 2,
            'warmup_steps': 2,
            'ema_decay': 0.9,
            'precision': 'float32',
            'threads': 1,
            'workers': 0,
        }
        path = tmp_path / 'tiny.yaml'
        path.write_text(yaml.safe_dump({**values, **changes, 'data': {**values['data'], **changes.get('data', {})}}))
        return path

    return write


def weights_of(out: Path) -> torch.Tensor:
    state = torch.load(out / 'state.pt', weights_only=True)
    return torch.cat([tensor.flatten().double() for tensor in state['model'].values()])


def losses_of(out: Path) -> list[tuple[int, float]]:
    events = EventAccumulator(str(out / 'tensorboard'))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars('train/loss')]


def test_two_processes_train_and_validate_as_one_with_the_same_batch(write_config, drive, tmp_path, capsys):
    root = tmp_path / 'set'
    root.mkdir()
    for split in ('train', 'seen'):
        (root / split).symlink_to(drive.pairs[0].image.parents[1])
    data = {'root': str(root), 'split': 'train'}
    # A few steps of one process: frozen statistics of fresh weights would be none.
    first = write_config(batch_size=4, data={**data, 'validation_split': ''})
    assert main(['train', '--config', str(first), '--out', str(tmp_path / 'start')]) == 0
    # What sees a part of a batch at a time is left out: statistics of batch norm, and dropout.
    alike = {'freeze_batch_norm': True, 'dropout': 0.0, 'loss': {'kind': 'cross_entropy'}}
    # Gently: where the loss runs away, roundings grow with it.
    data['validation_split'] = 'seen'
    config = write_config(init=str(tmp_path / 'start/tiny'), lr=0.002, data=data, **alike)
    command = ['train', '--config', str(config), '--device', 'cpu', '--out']
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node', '2']
    together = [*torchrun, *SFNET, *command, str(tmp_path / 'two')]
    done = subprocess.run(together, cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('model: ') == 1
    assert main([*command, str(tmp_path / 'one')]) == 0
    one, two = losses_of(tmp_path / 'one'), losses_of(tmp_path / 'two')
    assert [step for step, _ in two] == [step for step, _ in one] == [*range(1, 7)]
    assert [loss for _, loss in two] == pytest.approx([loss for _, loss in one], abs=1e-4)
    assert (weights_of(tmp_path / 'two') - weights_of(tmp_path / 'one')).abs().max() < 1e-4
    # Their run is over, so all that is left is its validation: of six pictures here, of three by each process there.
    capsys.readouterr()
    assert main([*command, str(tmp_path / 'two'), '--resume']) == 0
    assert capsys.readouterr().out == done.stdout


def test_a_run_that_was_killed_ends_with_the_weights_of_one_that_was_not(write_config, tmp_path):
    config = write_config(epochs=6, save_every=1, data={'validation_split': ''})
    torn, whole = tmp_path / 'torn', tmp_path / 'whole'
    command = ['train', '--config', str(config), '--device', 'cpu', '--out']
    with subprocess.Popen(
        [sys.executable, '-c', STOPS_AT_WORK, *command, str(torn)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert any('epoch 2/6: loss' in line for line in process.stderr)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    step = torch.load(torn / 'state.pt', weights_only=True)['step']
    assert 6 <= step < 18
    assert main([*command, str(torn), '--resume']) == 0
    assert main([*command, str(whole)]) == 0
    assert torch.equal(weights_of(torn), weights_of(whole))
    assert losses_of(torn) == losses_of(whole)
    assert (torn / 'tiny/weights.safetensors').read_bytes() == (whole / 'tiny/weights.safetensors').read_bytes()
