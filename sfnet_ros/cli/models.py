"""`sfnet models`: what models there are."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sfnet_ros.runtime import ModelManifest

SUMMARY = 'list the models that can be named, with what was measured of them'
EXAMPLE = 'sfnet models'

_HEAD = ('name', 'backbone', 'labels', 'network size', 'mIoU', 'licence of weights', 'where')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""


def run(_: argparse.Namespace) -> int:
    """Print the table; models that are not whole are told on stderr."""
    from sfnet_ros.runtime import list_models, load_manifest
    from sfnet_ros.runtime.model_folders import models_folders

    rows = []
    for folder in list_models():
        try:
            rows.append(_row(folder, load_manifest(folder)))
        except ValueError as error:
            print(error, file=sys.stderr)
    if not rows:
        print(f'no models in {", ".join(map(str, models_folders()))}')
        return 0
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    for row in (_HEAD, *rows):
        print('  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(folder: Path, manifest: ModelManifest) -> tuple[str, ...]:
    scores = ', '.join(f'{split} {100 * measured.overall:.1f}' for split, measured in manifest.miou.items())
    return (
        manifest.name,
        manifest.network.backbone,
        manifest.label_space,
        f'short side {manifest.network_short_side}',
        scores or 'not measured',
        manifest.licence_weights or 'unknown',
        str(folder),
    )
