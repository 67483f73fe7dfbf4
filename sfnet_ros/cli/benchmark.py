"""`sfnet benchmark`: how fast networks run here, in every way that there is, and how faithful to float32."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import parse_size
from sfnet_ros.share import DEFAULT_MODEL

if TYPE_CHECKING:
    from sfnet_ros.benchmark.configuration import Configuration
    from sfnet_ros.benchmark.pairs import NotRun
    from sfnet_ros.benchmark.row import Row
    from sfnet_ros.benchmark.subject import Subject

SUMMARY = 'time networks on every backend and precision that is here, in one run and in turns'
EXAMPLE = 'sfnet benchmark --model df1_camvid --size 360x480 --baseline --json speed.json --chart speed.png'

_SIZES = ('360x480', '512x1024', '1024x2048')
# Labels are compared on so many; times are taken on the same.
_FRAMES = 5
_SECONDS = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_argument_group('what runs')
    several = partial(what.add_argument, nargs='+', action='extend', default=[])
    several('--model', help=f'names of models, or their folders (default {DEFAULT_MODEL})')
    several('--network', metavar='BACKBONE', help='networks as released, with random weights, such as resnet18')
    several('--backend', help='only these, such as torch (default: all that are here)')
    several('--precision', help='only these, natively or not (default: all that are native to the device)')
    what.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (default %(default)s)')
    several('--size', metavar='HxW', help=f'of frame and network (default {" ".join(_SIZES)})')
    what.add_argument('--baseline', action='store_true', help="run the network as the authors' code does, too")
    what.add_argument(
        '--frames', type=Path, metavar='FOLDER_OR_BAG', help="real frames (default: a checkout's sample clip)"
    )
    how = parser.add_argument_group('how long, and with what')
    length = how.add_mutually_exclusive_group()
    length.add_argument('--repeats', type=int, metavar='N', help='time every row so often')
    length.add_argument(
        '--seconds', type=float, default=_SECONDS, metavar='S', help='for each network and size (default %(default)g)'
    )
    how.add_argument('--threads', type=int, default=0, metavar='N', help="of the CPU (default: torch's choice)")
    out = parser.add_argument_group('what is written')
    out.add_argument('--json', type=Path, metavar='FILE', help='write the rows there too')
    out.add_argument('--chart', type=Path, metavar='FILE.png', help='draw the rows there')
    record = parser.add_argument_group('instead of timing')
    record.add_argument(
        '--record', action='store_true', help="note in the models' manifests which pairs give float32's labels"
    )
    record.add_argument('--data', metavar='ROOT', help='for --record: folder of a data set')
    record.add_argument('--layout', default='camvid', help='for --record: camvid or folder (default %(default)s)')
    record.add_argument('--split', default='train', help='for --record: split (default %(default)s)')


def run(args: argparse.Namespace) -> int:
    """Record, or measure and print the table."""
    from sfnet_ros.benchmark.subject import Subject

    models = args.model or ([] if args.network else [DEFAULT_MODEL])
    subjects = [*map(Subject.of_model, models), *map(Subject.of_backbone, args.network)]
    return _record(args, subjects) if args.record else _measure(args, subjects)


def _measure(args: argparse.Namespace, subjects: Sequence[Subject]) -> int:
    from tqdm import tqdm

    from sfnet_ros.benchmark.measure import Budget, measure
    from sfnet_ros.benchmark.row import table, write_json
    from sfnet_ros.cli.frames import find_sample_clip, read_frames

    _check_options(args)
    sizes = [_size(text) for text in dict.fromkeys(args.size or _SIZES)]
    budget = Budget(args.repeats, args.seconds)
    frames = read_frames(args.frames or find_sample_clip(), _FRAMES)
    groups, not_run = _plan(args, subjects, sizes)
    rows: list[Row] = []
    for group in groups:
        with tqdm(desc=group[0].place, unit='run', disable=None) as progress:
            measured, failed = measure(group, frames, budget, progress.update)
        rows += measured
        not_run += failed
    print(table(rows))
    print(f'\nproducts of float32 matrices reach {max(row.peak_gmacs for row in rows):.1f} GMAC/s here')
    _print_not_run(not_run)
    if args.json:
        write_json(args.json, rows)
    if args.chart:
        _write_chart(args.chart, rows)
    return 0


def _plan(
    args: argparse.Namespace, subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]]
) -> tuple[list[list[Configuration]], list[NotRun]]:
    """List what is measured in turns, the networks of one size one after the other, and what cannot be."""
    from sfnet_ros.benchmark.baseline import BASELINE
    from sfnet_ros.benchmark.configuration import Configuration
    from sfnet_ros.benchmark.pairs import choose_pairs, prepare_pairs
    from sfnet_ros.runtime.backends import Choice

    device = _device(args.device)
    choices, not_run = choose_pairs(device, args.backend, args.precision, natively=not args.precision)
    baseline = [Choice(BASELINE, device, 'float32')] if args.baseline else []
    ready = {}
    for subject in subjects:
        ready[subject], failed = prepare_pairs(subject, choices)
        if failed and ((args.backend and args.precision) or not ready[subject]):
            raise ValueError('; '.join(map(str, failed)))
        not_run += failed
    groups = [
        [Configuration(subject, choice, size_hw, args.threads) for choice in (*baseline, *ready[subject])]
        for size_hw in sizes
        for subject in subjects
    ]
    return groups, not_run


def _record(args: argparse.Namespace, subjects: Sequence[Subject]) -> int:
    from tqdm import tqdm

    from sfnet_ros.benchmark.pairs import choose_pairs
    from sfnet_ros.benchmark.record import measure_agreement
    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.runtime import update_manifest
    from sfnet_ros.runtime.faithful import FAITHFUL, with_agreement

    if args.network or not args.data:
        raise ValueError('--record compares labels of models on real frames: give --data ROOT, and no --network')
    choices, not_run = choose_pairs(_device(args.device), args.backend, args.precision, natively=False)
    for subject in subjects:
        assert subject.folder is not None
        dataset = open_dataset(args.layout, args.data, args.split, subject.manifest.load_label_space())
        frames = (sample.image for sample in tqdm(dataset, desc=subject.name, unit='frame', disable=None))
        shares, failed = measure_agreement(subject.folder, choices, frames)
        update_manifest(subject.folder, partial(with_agreement, shares=shares))
        print(f'{subject.name}: labels that are those of torch in float32, over {len(dataset)} frames of {args.split}')
        for pair, share in shares.items():
            verdict = 'faithful' if share >= FAITHFUL else f'not faithful, as this is below {100 * FAITHFUL:g} %'
            print(f'  {pair:<20} {100 * share:7.3f} %  {verdict}')
        not_run += failed
    _print_not_run(not_run)
    return 0


def _device(name: str) -> str:
    from sfnet_ros.runtime.backends.device import check_device, default_device

    device = default_device() if name == 'auto' else name
    check_device(device)
    return device


def _size(text: str) -> tuple[int, int]:
    from sfnet_ros.runtime import check_size_rule

    size_hw = parse_size(text, '--size')
    check_size_rule(size_hw)
    return size_hw


def _check_options(args: argparse.Namespace) -> None:
    if args.threads < 0:
        raise ValueError(f'--threads is {args.threads}; accepted is 1 or more, or 0 for as many as torch takes')
    if args.chart and args.chart.suffix.lower() != '.png':
        raise ValueError(f'--chart {args.chart} is not accepted; give a name that ends in .png')


def _print_not_run(not_run: Iterable[NotRun]) -> None:
    for entry in not_run:
        print(f'not run: {entry}')


def _write_chart(path: Path, rows: Sequence[Row]) -> None:
    import cv2

    from sfnet_ros.benchmark.chart import draw_chart
    from sfnet_ros.files import atomic_path

    _, encoded = cv2.imencode('.png', cv2.cvtColor(draw_chart(rows), cv2.COLOR_RGB2BGR))
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())
