"""`sfnet import`: turn weights that the authors of SFNet released into a model."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "turn a checkpoint of the authors' code into a model that every command and the node can name"
EXAMPLE = 'sfnet import sfnet_r18.pth --name resnet18_cityscapes --labels cityscapes'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('checkpoint', type=Path, metavar='CHECKPOINT', help="a file that the authors' code saved")
    parser.add_argument('--name', required=True, help='name of the model')
    parser.add_argument('--labels', required=True, help='label space that it was trained on: a name, or a YAML file')
    parser.add_argument('--out', type=Path, metavar='DIR', help="folder of models (default: the user's own)")
    parser.add_argument('--no-dilation', action='store_true', help='ResNets: it was trained without dilation')
    parser.add_argument(
        '--warp-align-corners',
        choices=('true', 'false'),
        default='true',
        help='align_corners of the flow warp in training; false for some files of 2020 (default %(default)s)',
    )
    parser.add_argument(
        '--short-side',
        type=int,
        default=1024,
        metavar='N',
        help="short side in px that the network sees; the authors' is Cityscapes's own (default %(default)s)",
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a model of that name')


def run(args: argparse.Namespace) -> int:
    """Import, and print where the model is and what it is."""
    from sfnet_ros.cli.options import lasting_label_space
    from sfnet_ros.network import load_released_checkpoint
    from sfnet_ros.runtime import ModelManifest, save_model
    from sfnet_ros.runtime.model_folders import check_model_name, user_models_folder

    check_model_name(args.name)
    folder = (args.out or user_models_folder()) / args.name
    model, config = load_released_checkpoint(
        args.checkpoint, dilated=not args.no_dilation, warp_align_corners=args.warp_align_corners == 'true'
    )
    manifest = ModelManifest(
        name=args.name,
        label_space=lasting_label_space(args.labels),
        network=config,
        network_short_side=args.short_side,
        recipe=f"imported from the authors' {args.checkpoint.name}",
    )
    label_space = manifest.load_label_space()
    manifest = save_model(folder, model, manifest, overwrite=args.overwrite)
    network = manifest.network
    print(f'model: {folder}')
    print(
        f'{network.backbone}, {label_space.num_classes} classes of {label_space.name}, width {network.width}, '
        f'dilated {str(network.dilated).lower()}, warp_align_corners {str(network.warp_align_corners).lower()}, '
        f'short side {manifest.network_short_side} px'
    )
    print(f'weights sha256 {manifest.weights_sha256}')
    return 0
