"""`sfnet visualize`: see what the semantic flow does, and where two models err."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import parse_input_size
from sfnet_ros.cli.pictures import find_pictures, read_picture
from sfnet_ros.share import DEFAULT_MODEL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfnet_ros.evaluation.alignment import Alignment
    from sfnet_ros.labels import LabelSpace

SUMMARY = 'one page of pictures: semantic flow, features before and after alignment, errors of two models'
EXAMPLE = """sfnet visualize street.jpg --model df1_camvid --out flow.html
  sfnet visualize --data data/camvid --model df1_camvid --against my_model --out errors.html"""


@dataclass(frozen=True)
class _Frame:
    """What is shown.

    Args:
        name: Of the picture.
        rgb: ``(H, W, 3)``.
        target: Train ids ``(H, W)``, where the truth is known.
    """

    name: str
    rgb: NDArray[np.uint8]
    target: NDArray[np.uint8] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        'pictures', type=Path, nargs='*', metavar='IMAGE_OR_FOLDER', help='pictures, or folders of them'
    )
    parser.add_argument('--data', metavar='ROOT', help='or a data set, whose pictures come with their truth')
    parser.add_argument('--layout', default='camvid', help='such as cityscapes, see `sfnet data` (default %(default)s)')
    parser.add_argument('--split', default='val', help='of the data set (default %(default)s)')
    parser.add_argument(
        '--frames', type=int, default=4, metavar='N', help='spread over the data set (default %(default)s)'
    )
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name of a model, or its folder (default %(default)s)')
    parser.add_argument('--against', metavar='MODEL', help='another model, to be seen beside it')
    parser.add_argument(
        '--input-size', default='', metavar='HxW', help="network's size, or 'frame' (default: each model's own)"
    )
    parser.add_argument('--out', type=Path, default=Path('visualized.html'), help='the page (default %(default)s)')


def run(args: argparse.Namespace) -> int:
    """Look at each picture with each model, and write the page."""
    from tqdm import tqdm

    from sfnet_ros.evaluation.gallery import alignment_section, labels_section
    from sfnet_ros.files import atomic_path, check_writable
    from sfnet_ros.pages import page, tag

    if bool(args.pictures) == bool(args.data):
        raise ValueError('name pictures, or a data set by --data, and not both')
    check_writable(args.out)
    names = [args.model, *([args.against] if args.against else [])]
    models = {name: _Eye(name, args.input_size) for name in names}
    label_space = models[args.model].label_space
    if any(model.label_space.names != label_space.names for model in models.values()):
        raise ValueError(f'{args.model} and {args.against} know different classes; choose two that know the same')
    frames = _frames_of_data(args, label_space) if args.data else _frames_of_files(args.pictures)
    title = ' and '.join(names)
    parts = [tag('h1', title)]
    for frame in tqdm(frames, unit='picture', disable=None):
        seen = {name: model(frame.rgb) for name, model in models.items()}
        parts.append(tag('h2', frame.name))
        label_maps = {name: label_map for name, (label_map, _) in seen.items()}
        parts.append(labels_section(frame.rgb, label_maps, frame.target, label_space))
        parts += [alignment_section(name, frame.rgb, alignments) for name, (_, alignments) in seen.items()]
    with atomic_path(args.out) as temporary:
        # No wider than its picture, however long its caption, so that two stand side by side.
        style = 'figure { display: inline-block; width: min-content; margin: 0 .5rem .8rem 0; vertical-align: top }'
        temporary.write_text(page(title, *parts, style=style), encoding='utf-8')
    print(f'{args.out}: {len(frames)} pictures, {args.out.stat().st_size / 1e6:.1f} MB')
    return 0


class _Eye:
    """A network that is looked into, so it runs as it is: no other backend lets one listen to its modules."""

    def __init__(self, name: str, input_size: str) -> None:
        from sfnet_ros.runtime.model_store import load_deploy_model
        from sfnet_ros.runtime.network_size import check_size_rule

        self._deploy_model, manifest = load_deploy_model(name)
        self._rule = parse_input_size(input_size) or manifest.network_short_side
        check_size_rule(self._rule)
        self.label_space = manifest.load_label_space()

    def __call__(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[Alignment]]:
        """Give the label map ``(H, W)`` and the alignments of a frame."""
        import torch

        from sfnet_ros.evaluation.alignment import alignments_of
        from sfnet_ros.runtime.network_size import network_size
        from sfnet_ros.runtime.resizing import resize

        frame_hw = rgb.shape[0], rgb.shape[1]
        pixels = torch.from_numpy(resize(rgb, network_size(frame_hw, self._rule)))[None]
        with torch.inference_mode():
            label_maps, _ = self._deploy_model(pixels, frame_hw)
        return label_maps[0].numpy(), alignments_of(self._deploy_model.model, self._deploy_model.normalizer(pixels))


def _frames_of_data(args: argparse.Namespace, label_space: LabelSpace) -> list[_Frame]:
    from sfnet_ros.cli.frames import spread
    from sfnet_ros.datasets import open_dataset

    if args.frames < 1:
        raise ValueError(f'--frames is {args.frames}; accepted are numbers from 1 on')
    dataset = open_dataset(args.layout, args.data, args.split, label_space)
    samples = [dataset[index] for index in spread(len(dataset), args.frames)]
    return [_Frame(sample.name, sample.image, sample.target) for sample in samples]


def _frames_of_files(paths: list[Path]) -> list[_Frame]:
    frames = []
    for path in find_pictures(paths):
        rgb = read_picture(path)
        if rgb is None:
            raise ValueError(f'picture {path} cannot be read; leave it out, or name others')
        frames.append(_Frame(path.name, rgb))
    return frames
