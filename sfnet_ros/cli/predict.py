"""`sfnet predict`: segment picture files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import add_segmenter_arguments, load_segmenter
from sfnet_ros.cli.pictures import find_pictures, read_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfnet_ros.labels import LabelSpace

SUMMARY = 'segment pictures: label maps (train ids), colours, and overlays with a legend'
EXAMPLE = 'sfnet predict street.jpg drive/ --model df1_camvid --out predicted'

_OUTPUTS = ('label', 'color', 'overlay')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        'pictures', type=Path, nargs='+', metavar='IMAGE_OR_FOLDER', help='pictures, or folders of them'
    )
    parser.add_argument(
        '--out', type=Path, required=True, metavar='DIR', help='gets <stem>_{label,color,overlay}.png of each picture'
    )
    add_segmenter_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Segment all that can be read, and say in the end what could not."""
    from tqdm import tqdm

    sources = find_pictures(args.pictures)
    names = _output_names(sources)
    _refuse_overwriting_inputs(args.out, sources, names)
    segmenter = load_segmenter(args)
    unread = []
    for source, name in zip(tqdm(sources, unit='picture', disable=None), names, strict=True):
        rgb = read_picture(source)
        if rgb is None:
            unread.append(str(source))
            continue
        _write_pictures(args.out, name, rgb, segmenter(rgb).label_map, segmenter.label_space)
    print(f'{segmenter.describe()}: {len(sources) - len(unread)} of {len(sources)} pictures segmented, in {args.out}')
    if unread:
        raise ValueError(f'{len(unread)} of {len(sources)} pictures could not be read: {", ".join(unread)}')
    return 0


def _output_names(sources: Sequence[Path]) -> list[str]:
    """Name each output after its picture's stem; pictures of one stem are told apart by a number."""
    taken: set[str] = {source.stem for source in sources}
    names: list[str] = []
    for source in sources:
        name, number = source.stem, 2
        if name in names:
            while f'{name}_{number}' in taken:
                number += 1
            name = f'{name}_{number}'
            taken.add(name)
        names.append(name)
    return names


def _refuse_overwriting_inputs(out: Path, sources: Sequence[Path], names: Sequence[str]) -> None:
    inputs = {source.resolve() for source in sources}
    for name in names:
        for output in _OUTPUTS:
            path = out / f'{name}_{output}.png'
            if path.resolve() in inputs:
                raise ValueError(f'{path} would be written over, and it is one of the pictures; choose another --out')


def _write_pictures(
    out: Path, name: str, rgb: NDArray[np.uint8], label_map: NDArray[np.uint8], label_space: LabelSpace
) -> None:
    import cv2

    from sfnet_ros.files import atomic_path
    from sfnet_ros.pictures import beside, colorize, legend, overlay

    drawn = beside(overlay(rgb, label_map, label_space), legend(label_space))
    color = cv2.cvtColor(colorize(label_map, label_space), cv2.COLOR_RGB2BGR)
    for output, picture in zip(_OUTPUTS, (label_map, color, cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR)), strict=True):
        _, encoded = cv2.imencode('.png', picture)
        with atomic_path(out / f'{name}_{output}.png') as temporary:
            temporary.write_bytes(encoded.tobytes())
