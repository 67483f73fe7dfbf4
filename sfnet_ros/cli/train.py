"""`sfnet train`: train a network as a config file says, and write the model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfnet_ros.evaluation import ConfusionMatrix
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.network import SFNet
    from sfnet_ros.runtime import ModelManifest
    from sfnet_ros.training.config import TrainingConfig

SUMMARY = 'train a network on labelled drives and write the model'
EXAMPLE = 'sfnet train --config config/train/camvid_df1.yaml --data data/camvid --out runs/camvid_df1'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--config', type=Path, required=True, metavar='FILE', help='YAML file that describes the run')
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='state and model (default runs/<config>)')
    parser.add_argument('--data', metavar='ROOT', help="folder of the data set (default: the config's)")
    parser.add_argument('--init', metavar='MODEL', help="model to start from (default: the config's; '' = none)")
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (default %(default)s)')
    parser.add_argument('--resume', action='store_true', help='go on with the run in the folder --out')


def run(args: argparse.Namespace) -> int:
    """Train, and print the scores of the model that was written."""
    import torch

    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.evaluation import scores_table
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.runtime import save_model
    from sfnet_ros.runtime.backends.device import check_device, default_device
    from sfnet_ros.runtime.model_store import check_destination
    from sfnet_ros.training.config import TrainingConfig
    from sfnet_ros.training.engine import STATE_FILE, Trainer, train

    config = _overridden(TrainingConfig.load(args.config), args)
    out = args.out or Path('runs', args.config.stem)
    device = default_device() if args.device == 'auto' else args.device
    check_device(device)
    state = out / STATE_FILE
    if state.is_file() and not args.resume:
        raise ValueError(f'{out} holds a run already; go on with it by --resume, or choose another --out')
    if args.resume and not state.is_file():
        raise ValueError(f'{out} holds no run to resume: {state} does not exist')

    label_space = LabelSpace.load(config.data.label_space)
    if label_space.num_classes != config.network.num_classes:
        raise ValueError(
            f'{args.config} trains {config.network.num_classes} classes, but label space {label_space.name} has '
            f'{label_space.num_classes}; set network: num_classes to that'
        )
    dataset = open_dataset(
        config.data.layout, config.data.root, config.data.split, label_space, (), config.data.exclude_drives
    )
    # Made before the run, so that what it refuses is known before hours of training.
    manifest = _manifest(config, args.config, dataset.drives)
    folder = out / config.name
    check_destination(folder, overwrite=True)
    validate = _validation(config, label_space, device)
    trainer = Trainer(config, dataset, None if args.resume else _start(config), torch.device(device))
    if args.resume:
        trainer.resume(state)
    scores = train(trainer, out, validate)
    save_model(folder, trainer.result, manifest, overwrite=True)
    if scores:
        print(scores_table(scores, label_space))
    print(f'model: {folder}')
    return 0


def _overridden(config: TrainingConfig, args: argparse.Namespace) -> TrainingConfig:
    from dataclasses import replace

    data = config.data if args.data is None else replace(config.data, root=args.data)
    return replace(config, data=data, init=config.init if args.init is None else args.init)


def _start(config: TrainingConfig) -> SFNet | None:
    from sfnet_ros.runtime import load_model

    return load_model(config.init)[0] if config.init else None


def _validation(
    config: TrainingConfig, label_space: LabelSpace, device: str
) -> Callable[[SFNet], ConfusionMatrix] | None:
    """Score a network in training as `sfnet evaluate` scores a model: by the segmenter that the robot runs."""
    from copy import deepcopy

    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.evaluation import score
    from sfnet_ros.network.normalize import PixelNormalizer
    from sfnet_ros.runtime import DeployModel, Segmenter
    from sfnet_ros.runtime.backends import Choice, create_backend

    data = config.data
    if not data.validation_split:
        return None
    dataset = open_dataset(data.layout, data.root, data.validation_split, label_space, data.validation_drives)

    def validate(model: SFNet) -> ConfusionMatrix:
        # The backend takes its model over, and the run goes on with this one.
        backend = create_backend(Choice('torch', device, 'float32'), DeployModel(deepcopy(model), PixelNormalizer()))
        segmenter = Segmenter(backend, label_space, config.input_short_side)
        pairs = ((sample.image, sample.target) for sample in dataset)
        return score(lambda rgb: segmenter(rgb).label_map, pairs, label_space.num_classes)

    return validate


def _manifest(config: TrainingConfig, recipe: Path, drives: list[str]) -> ModelManifest:
    from dataclasses import asdict

    from sfnet_ros.cli.options import lasting_label_space
    from sfnet_ros.runtime import ModelManifest

    return ModelManifest(
        name=config.name,
        label_space=lasting_label_space(config.data.label_space),
        network=config.network,
        network_short_side=config.input_short_side,
        drives=tuple(drives),
        recipe=recipe.name,
        commit=_commit(),
        **asdict(config.card),
    )


def _commit() -> str:
    """Name the commit of the checkout that this runs from; empty where there is none."""
    import subprocess

    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / '.git').exists():
        # Installed, and perhaps within some other repository.
        return ''
    command = ['git', '-C', str(checkout), 'rev-parse', '--short=12', 'HEAD']
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ''
