"""`sfnet benchmark`: how fast networks run here, in every way that there is, and how faithful to float32."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from sfnet_ros.cli.benchmark import node, record, timing
from sfnet_ros.share import DEFAULT_MODEL

SUMMARY = 'time networks on every backend and precision that is here, in one run and in turns'
EXAMPLE = 'sfnet benchmark --model df1_camvid --size 360x480 --baseline --json speed.json --chart speed.png'

_SECONDS = 20.0
_OPTIONS_OF = {
    'timing': ('network', 'baseline', 'frames', 'threads', 'chart'),
    '--node': ('node', 'rate', 'input_size', 'output_size', 'shipped'),
    '--record': ('record', 'data'),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_argument_group('what runs')
    several = partial(what.add_argument, nargs='+', action='extend', default=[])
    several('--model', help=f'names of models, or their folders (default {DEFAULT_MODEL})')
    several('--network', metavar='BACKBONE', help='networks as released, with random weights, such as resnet18')
    several('--backend', help='only these, such as torch (default: all that are here)')
    several('--precision', help='only these, natively or not (default: all that are native to the device)')
    what.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (default %(default)s)')
    several('--size', metavar='HxW', help=f'of frame and network (default {" ".join(timing.SIZES)})')
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
    how.add_argument(
        '--threads',
        type=int,
        default=0,
        metavar='N',
        help='of the CPU, or 0 for as many as torch takes (default %(default)s)',
    )
    out = parser.add_argument_group('what is written')
    out.add_argument('--json', type=Path, metavar='FILE', help='write the rows there too')
    out.add_argument('--chart', type=Path, metavar='FILE.png', help='draw the rows there')
    of_node = parser.add_argument_group('the node instead')
    of_node.add_argument(
        '--node', action='store_true', help='measure the latency from publishing a frame to its label, over real DDS'
    )
    rates = ' '.join(f'{rate_hz:g}' for rate_hz in node.RATES_HZ)
    of_node.add_argument(
        '--rate', type=float, nargs='+', default=[], metavar='HZ', help=f'of the camera (default {rates})'
    )
    of_node.add_argument('--input-size', default='', metavar='HxW', help="network's size (default: the model's own)")
    of_node.add_argument('--output-size', default='', metavar='HxW', help="labels' size (default: the frame's)")
    of_node.add_argument(
        '--shipped', action='store_true', help='leave out how it is without our Fast DDS profile and malloc setting'
    )
    of_record = parser.add_argument_group('which pairs are faithful, instead')
    of_record.add_argument(
        '--record', action='store_true', help="note in the models' manifests which pairs give float32's labels"
    )
    of_record.add_argument('--data', metavar='ROOT', help='folder of a data set')
    of_record.add_argument('--layout', default='camvid', help='camvid or folder (default %(default)s)')
    of_record.add_argument('--split', default='train', help='whose frames are compared (default %(default)s)')


def run(args: argparse.Namespace) -> int:
    """Measure networks or the node, or record, and print what came of it."""
    _check_options(args)
    models = args.model or ([] if args.network else [DEFAULT_MODEL])
    if args.node:
        return node.run(args, models)
    if args.record:
        return record.run(args, models)
    return timing.run(args, models)


def _check_options(args: argparse.Namespace) -> None:
    kind = '--node' if args.node else '--record' if args.record else 'timing'
    for other, names in _OPTIONS_OF.items():
        for name in names if other != kind else ():
            if getattr(args, name):
                raise ValueError(f'--{name.replace("_", "-")} says nothing to {kind}, it is for {other}; leave it out')
    if args.threads:
        from sfnet_ros.runtime.segmenter_options import check_threads

        check_threads(args.threads)
    if args.chart and args.chart.suffix.lower() != '.png':
        raise ValueError(f'--chart {args.chart} is not accepted; give a name that ends in .png')
    if args.record and not args.data:
        raise ValueError('--record compares labels on real frames: give --data ROOT, the folder of a data set')
