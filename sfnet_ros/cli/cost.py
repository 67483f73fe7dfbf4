"""`sfnet cost`: what networks cost, told from their shapes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.share import DEFAULT_MODEL

if TYPE_CHECKING:
    from sfnet_ros.network import SFNetConfig

SUMMARY = 'count the parameters and multiply-accumulates of a network, or of every one whose cost the paper prints'
EXAMPLE = """sfnet cost --backbone resnet18 --variant lite --size 1024x2048
  sfnet cost --paper --json costs.json"""

_CHANGES = {'variant': str, 'num_classes': int, 'width': int, 'finest_stride': int}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--model', help=f'name of a model, or its folder (default {DEFAULT_MODEL})')
    which.add_argument('--backbone', help='of a network that needs no weights: df1, df2, resnet18, stdc1, ...')
    which.add_argument(
        '--config', type=Path, metavar='FILE', help='YAML file with a network, such as a training config'
    )
    which.add_argument('--paper', action='store_true', help='list every cost that the paper prints beside ours')
    for name, kind in _CHANGES.items():
        parser.add_argument(f'--{name.replace("_", "-")}', type=kind, help=f"with --backbone: the network's {name}")
    parser.add_argument('--size', metavar='HxW', help='of the picture (default 1024x1024)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers there as well')


def run(args: argparse.Namespace) -> int:
    """Count, print the table, and write what was asked for."""
    from sfnet_ros.benchmark.text_table import text_table
    from sfnet_ros.files import check_writable, write_json

    check_writable(args.json)
    changes = {name: getattr(args, name) for name in _CHANGES if getattr(args, name) is not None}
    if changes and not args.backbone:
        raise ValueError(f'--{next(iter(changes)).replace("_", "-")} goes with --backbone; give both, or neither')
    if args.paper and args.size:
        raise ValueError('--size does not go with --paper, which counts at the sizes of the paper; leave it out')
    rows = _paper_rows() if args.paper else [_row(_config(args, changes), args.size or '1024x1024')]
    columns = {head: [_cell(row[head]) for row in rows] for head in rows[0]}
    print(text_table(columns, words=2))
    if args.paper:
        print(
            '\nGMAC are billions of multiply-accumulates, which the paper calls GFLOPs. Where derived is no, what is\n'
            'published does not say how the number came about: ours is printed beside it and means no agreement.'
        )
    if args.json:
        write_json(args.json, rows if args.paper else rows[0])
    return 0


def _config(args: argparse.Namespace, changes: Mapping[str, object]) -> SFNetConfig:
    from sfnet_ros.network import SFNetConfig
    from sfnet_ros.runtime import find_model, load_manifest

    if args.backbone:
        return SFNetConfig.from_dict({'backbone': args.backbone, **changes})
    if args.config:
        return _read(args.config)
    return load_manifest(find_model(args.model or DEFAULT_MODEL)).network


def _read(path: Path) -> SFNetConfig:
    """Read a network from a YAML file: under the key network, as in training configs and manifests, or all of it.

    What the file builds on by ``base`` counts, too.
    """
    import yaml

    from sfnet_ros.network import SFNetConfig
    from sfnet_ros.training.recipe import read_recipe

    try:
        content = read_recipe(path)
        return SFNetConfig.from_dict(content.get('network', content))  # type: ignore[arg-type]  # it checks that
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise ValueError(f'{path} holds no network: {" ".join(str(error).split())}') from error


def _row(config: SFNetConfig, size: str) -> dict[str, object]:
    from dataclasses import replace

    from sfnet_ros.cli.options import parse_size
    from sfnet_ros.network.cost import multiply_accumulates, parameters
    from sfnet_ros.network.create import create_without_weights

    # As it is deployed.
    model = create_without_weights(replace(config, aux_heads=False))
    return {
        'backbone': config.backbone,
        'variant': config.variant,
        'classes': config.num_classes,
        'width': config.width,
        'size': size,
        'parameters': parameters(model),
        'multiply_accumulates': multiply_accumulates(model, parse_size(size, '--size')),
    }


def _paper_rows() -> list[dict[str, object]]:
    from tqdm import tqdm

    from sfnet_ros.network.paper_costs import PAPER_COSTS

    rows = []
    for cost in tqdm(PAPER_COSTS, unit='cost', disable=None):
        ours = cost.measure()
        rows.append(
            {
                'name': cost.name,
                'unit': cost.unit,
                'paper': cost.paper,
                'ours': ours,
                'ratio': round(ours / cost.paper, 4),
                'derived': cost.derived,
            }
        )
    return rows


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return f'{value:,}' if isinstance(value, int) else str(value)
