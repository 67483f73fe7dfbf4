"""`sfnet bag evaluate`: judge models on recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.bag.fleet import (
    FleetProgress,
    add_bags_argument,
    add_fleet_arguments,
    end_without,
    find_bags,
    fleet_progress,
    make_workers,
)
from sfnet_ros.cli.bag.outputs import check_outputs
from sfnet_ros.cli.bag.topics import add_topic_arguments
from sfnet_ros.cli.options import segmenter_options
from sfnet_ros.share import DEFAULT_MODEL

if TYPE_CHECKING:
    from sfnet_ros.bags.run import Run
    from sfnet_ros.bags.source import Source

SUMMARY = 'judge models on recordings: scores, calibration, flicker and latency, as JSON and as one page'
EXAMPLE = 'sfnet bag evaluate test/data/camvid_0016E5 --model df1_camvid --json scores.json --out report.html'

_SIDE_BY_SIDE = 'again for another, side by side'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_bags_argument(parser)
    add_topic_arguments(parser)
    for option, what, default in (
        ('--model', 'name of a model, or its folder', DEFAULT_MODEL),
        ('--backend', 'auto, torch, onnxruntime, openvino, mnn or tensorrt', 'auto'),
        ('--precision', 'auto, float32, bfloat16, float16 or int8', 'auto'),
    ):
        parser.add_argument(option, action='append', help=f'{what}; {_SIDE_BY_SIDE} (default {default})')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (default %(default)s)')
    parser.add_argument(
        '--input-size', default='', metavar='HxW', help="network's size, or 'frame' (default: the model's own)"
    )
    parser.add_argument(
        '--chunk',
        type=int,
        metavar='N',
        help='frames that one of several processes judges at a time, what is lost with it (default: a quarter of its '
        'share, 64 at least)',
    )
    parser.add_argument(
        '--threads',
        type=int,
        default=0,
        metavar='N',
        help='of each process, or 0 for as many as one takes; rounding depends on it (default %(default)s)',
    )
    add_fleet_arguments(parser, usual_jobs=1)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the scores there')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('bag_report.html'),
        metavar='PAGE.html|FOLDER',
        help='the page; a folder gets it as report.html, with report.json and the videos (default %(default)s)',
    )


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the table and say what was written."""
    from sfnet_ros.bags.report.table import table
    from sfnet_ros.bags.source import open_sources

    bags = find_bags(args.bags)
    page = args.out if _is_page(args.out) else args.out / 'report.html'
    check_outputs([page, *([args.json] if args.json else [])], bags)
    sources, unreadable = open_sources(bags, args.topic, args.truth)
    choices = list(product(args.model or [DEFAULT_MODEL], args.backend or ['auto'], args.precision or ['auto']))
    frames = sum(source.frames for source in sources)
    with fleet_progress('evaluate', len(choices) * frames, len(choices) * len(sources)) as progress:
        runs = [_evaluate(args, sources, choice, progress) for choice in choices]
    runs = [replace(done, refused={**unreadable, **done.refused}) for done in runs]
    for warning in dict.fromkeys(warning for done in runs for warning in done.scores.warnings):
        print(f'warning: {warning}', file=sys.stderr)
    print(table(runs))
    print('\n' + ', '.join(map(str, _write(args, sources, runs))))
    refused = {path: error for done in runs for path, error in done.refused.items()}
    end_without(refused.values(), len(bags), 'judged')
    return 0


def _evaluate(
    args: argparse.Namespace, sources: Sequence[Source], choice: tuple[str, str, str], progress: FleetProgress
) -> Run:
    """Run one model on one backend in one precision."""
    from torch import get_num_threads

    from sfnet_ros.bags.fleet.workers import InThisProcess
    from sfnet_ros.bags.run import evaluate
    from sfnet_ros.bags.spread import evaluate_apart

    model, backend, precision = choice
    chosen = {**vars(args), 'model': model, 'backend': backend, 'precision': precision}
    # Said in numbers, as another process, on another machine, would choose for itself.
    options = segmenter_options(argparse.Namespace(**chosen), args.threads or get_num_threads())
    segmenter = options.load()
    workers = make_workers(args, segmenter.backend.device, options.threads, usual_jobs=1)
    if isinstance(workers, InThisProcess):
        done = evaluate(sources, segmenter, progress)
    else:
        done = evaluate_apart(sources, segmenter, options, workers, progress, args.chunk)
    segmenter.close()
    return done


def _write(args: argparse.Namespace, sources: list[Source], runs: list[Run]) -> Iterator[Path]:
    """Write what was asked for, and give its paths."""
    from sfnet_ros.bags.film import FILM_SUFFIX
    from sfnet_ros.bags.report.document import write_json
    from sfnet_ros.bags.report.page import write_page
    from sfnet_ros.files import atomic_path

    if args.json:
        write_json(args.json, sources, runs)
        yield args.json
    if _is_page(args.out):
        write_page(args.out, sources, runs)
        yield args.out
        return
    write_json(args.out / 'report.json', sources, runs)
    for index, done in enumerate(runs, 1):
        name = 'overlay' if index == 1 else f'overlay_{index}'
        with atomic_path(args.out / f'{name}{FILM_SUFFIX}') as temporary:
            temporary.write_bytes(done.film)
    write_page(args.out / 'report.html', sources, runs)
    yield args.out / 'report.html'


def _is_page(out: Path) -> bool:
    return out.suffix.lower() in ('.html', '.htm')
