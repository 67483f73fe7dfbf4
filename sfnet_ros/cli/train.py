"""`sfnet train`: train a network as a config file says, and write the model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfnet_ros.datasets import LabelledPictures
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.training.config import TrainingConfig

SUMMARY = 'train a network on labelled drives and write the model'
EXAMPLE = """sfnet train --config config/train/camvid_df1.yaml --data data/camvid --out runs/camvid_df1
  sfnet train --config config/train/table3_resnet18.yaml --dry-run
  torchrun --nproc_per_node 8 -m sfnet_ros.cli train --config config/train/table3_resnet18.yaml"""

_MEASURED_S = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--config', type=Path, required=True, metavar='FILE', help='YAML file that describes the run')
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='state and models (default runs/<config>)')
    parser.add_argument('--data', metavar='ROOT', help="folder of the data set (default: the config's)")
    parser.add_argument('--init', metavar='MODEL', help="model to start from (default: the config's; '' = none)")
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (default %(default)s)')
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument('--resume', action='store_true', help='go on with the run in the folder --out')
    doing.add_argument(
        '--dry-run', action='store_true', help='run two small steps on generated pictures, and write nothing'
    )
    doing.add_argument(
        '--measure-loading', action='store_true', help='time loader and network, each alone, and write nothing'
    )


def run(args: argparse.Namespace) -> int:
    """Train, and print the scores of the model that was written."""
    from sfnet_ros.training.config import TrainingConfig
    from sfnet_ros.training.run_data import load_label_space, open_data

    # Most mistakes are told before torch is loaded, which takes seconds, and all before a picture is read.
    config = _overridden(TrainingConfig.load(args.config), args)
    if args.dry_run:
        return _dry_run(config, load_label_space(config), args.device)
    if args.measure_loading:
        return _measure_loading(config, open_data(config).dataset, args.device)
    return _train(config, args)


def _overridden(config: TrainingConfig, args: argparse.Namespace) -> TrainingConfig:
    from dataclasses import replace

    data = config.data if args.data is None else replace(config.data, root=args.data)
    return replace(config, data=data, init=config.init if args.init is None else args.init)


def _dry_run(config: TrainingConfig, label_space: LabelSpace, device: str) -> int:
    from sfnet_ros.runtime.backends.device import chosen_device
    from sfnet_ros.training.distributed import joined_processes
    from sfnet_ros.training.dry_run import dry_run

    with joined_processes(chosen_device(device)) as (processes, own):
        done = dry_run(config, label_space, own, processes)
    if processes.first:
        height, width = done.config.augment.crop_hw
        print(
            f'{config.name}: {len(done.losses)} steps on generated pictures from fresh weights, '
            f'{done.config.batch_size} pictures of {height}x{width} each instead of {config.batch_size} of '
            f'{"x".join(map(str, config.augment.crop_hw))}; {done.parameters / 1e6:.1f} M parameters in training; '
            f'loss {", ".join(f"{loss:.3f}" for loss in done.losses)}'
        )
    return 0


def _measure_loading(config: TrainingConfig, dataset: LabelledPictures, device: str) -> int:
    import torch

    from sfnet_ros.runtime.backends.device import chosen_device
    from sfnet_ros.training.loading_speed import measure_loading

    speed = measure_loading(config, dataset, torch.device(chosen_device(device)), _MEASURED_S)
    print(
        f'loader {speed.loaded:.1f} pictures/s with {speed.workers} workers, network {speed.trained:.2f} pictures/s: '
        f'the loader, alone, gives {speed.loaded / speed.trained:.1f} times what the network, alone, takes'
    )
    return 0


def _train(config: TrainingConfig, args: argparse.Namespace) -> int:
    from sfnet_ros.cli.training_run import train_and_save
    from sfnet_ros.training.config import STATE_FILE
    from sfnet_ros.training.run_data import open_data

    out = args.out or Path('runs', args.config.stem)
    state = out / STATE_FILE
    if state.is_file() and not args.resume:
        raise ValueError(f'{out} holds a run already; go on with it by --resume, or choose another --out')
    if args.resume and not state.is_file():
        raise ValueError(f'{out} holds no run to resume: {state} does not exist')
    return train_and_save(config, args.config.name, open_data(config), out, args.device, resume=args.resume)
