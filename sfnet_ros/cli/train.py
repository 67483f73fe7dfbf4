"""`sfnet train`: train a network as a config file says, and write the model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from sfnet_ros.datasets import LabelledPictures
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.training.config import TrainingConfig
    from sfnet_ros.training.run_settings import RunSettings
    from sfnet_ros.training.sections import DataConfig

SUMMARY = 'train a network on labelled drives and write the model'
EXAMPLE = """sfnet train --config config/train/camvid_df1.yaml --data data/camvid --out runs/camvid_df1
  sfnet train --config config/train/table3_resnet18.yaml --dry-run
  torchrun --nproc_per_node 8 -m sfnet_ros.cli train --config config/train/table3_resnet18.yaml"""

_MEASURED_S = 10.0

Settings = TypeVar('Settings', bound='RunSettings')


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
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.training.run_settings import load_values, settings_of

    # Most mistakes are told before torch is loaded, which takes seconds.
    settings = _overridden(settings_of(load_values(args.config)), args)
    label_space = LabelSpace.load(settings.data.label_space)
    dataset = None if args.dry_run else _open(settings.data, label_space)
    from sfnet_ros.training.config import TrainingConfig

    config = _overridden(TrainingConfig.load(args.config), args)
    if label_space.num_classes != config.network.num_classes:
        raise ValueError(
            f'{args.config} trains {config.network.num_classes} classes, but label space {label_space.name} has '
            f'{label_space.num_classes}; set network: num_classes to that'
        )
    if dataset is None:
        return _dry_run(config, label_space, args.device)
    if args.measure_loading:
        return _measure_loading(config, dataset, args.device)
    return _train(config, args, dataset)


def _overridden(config: Settings, args: argparse.Namespace) -> Settings:
    from dataclasses import replace

    data = config.data if args.data is None else replace(config.data, root=args.data)
    return replace(config, data=data, init=config.init if args.init is None else args.init)


def _open(data: DataConfig, label_space: LabelSpace) -> LabelledPictures:
    from sfnet_ros.datasets import open_dataset

    return open_dataset(data.layout, data.root, data.split, label_space, (), data.exclude_drives)


def _chosen(device: str) -> str:
    from sfnet_ros.runtime.backends.device import check_device, default_device

    chosen = default_device() if device == 'auto' else device
    check_device(chosen)
    return chosen


def _dry_run(config: TrainingConfig, label_space: LabelSpace, device: str) -> int:
    from sfnet_ros.training.distributed import joined_processes
    from sfnet_ros.training.dry_run import dry_run

    with joined_processes(_chosen(device)) as (processes, own):
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

    from sfnet_ros.training.loading_speed import measure_loading

    speed = measure_loading(config, dataset, torch.device(_chosen(device)), _MEASURED_S)
    print(
        f'loader {speed.loaded:.1f} pictures/s with {config.workers} workers, network {speed.trained:.2f} pictures/s: '
        f'the loader, alone, gives {speed.loaded / speed.trained:.1f} times what the network, alone, takes'
    )
    return 0


def _train(config: TrainingConfig, args: argparse.Namespace, dataset: LabelledPictures) -> int:
    from sfnet_ros.cli.training_run import train_and_save
    from sfnet_ros.training.run_settings import STATE_FILE

    out = args.out or Path('runs', args.config.stem)
    state = out / STATE_FILE
    if state.is_file() and not args.resume:
        raise ValueError(f'{out} holds a run already; go on with it by --resume, or choose another --out')
    if args.resume and not state.is_file():
        raise ValueError(f'{out} holds no run to resume: {state} does not exist')
    return train_and_save(config, args.config.name, dataset, out, _chosen(args.device), resume=args.resume)
