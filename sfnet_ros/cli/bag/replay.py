"""`sfnet bag replay`: play a recording through the live node, and judge what comes back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.bag.outputs import check_outputs
from sfnet_ros.cli.bag.topics import add_topic_arguments
from sfnet_ros.cli.options import add_segmenter_arguments

if TYPE_CHECKING:
    from sfnet_ros.bags.source import Source
    from sfnet_ros.ros.replay.plan import ReplayPlan

SUMMARY = 'play a recording through the real node over DDS: latency, drops, mIoU and pictures'
EXAMPLE = 'sfnet bag replay test/data/camvid_0016E5 --model df1_camvid --out demo_out'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('bag', type=Path, help='rosbag2 folder, or an .mcap or .db3 file')
    add_topic_arguments(parser)
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument('--speed', type=float, default=1.0, help='2 is twice as fast as recorded (default %(default)s)')
    pace.add_argument('--rate', type=float, metavar='HZ', help="frames a second, whatever the recording's own pace")
    pace.add_argument(
        '--lockstep',
        action='store_true',
        help='send each frame when the label of the one before has come: none is dropped, and the labels are those of '
        '`sfnet bag evaluate` with the same backend, precision and threads',
    )
    pace.add_argument(
        '--step', action='store_true', help='the same, but one frame at each Enter; q and Enter ends with the results'
    )
    parser.add_argument(
        '--loop',
        type=int,
        default=1,
        metavar='N',
        help='play it N times, under stamps that go on (default %(default)s)',
    )
    parser.add_argument(
        '--use-sim-time', action='store_true', help='let the node take its time from /clock, which the replay publishes'
    )
    parser.add_argument(
        '--domain',
        type=int,
        metavar='ID',
        help='play in this ROS domain, where others can listen (default: one of its own)',
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers there too')
    parser.add_argument(
        '--out', type=Path, default=Path('demo_out'), metavar='FOLDER', help='for the results (default %(default)s)'
    )
    parser.add_argument(
        '--threads',
        type=int,
        default=0,
        metavar='N',
        help="of the CPU for the network, or 0 for the node's own choice (default %(default)s)",
    )
    add_segmenter_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Replay, print the table and say what was written."""
    from sfnet_ros.ros.replay.interrupt import stop_signals_interrupt

    with stop_signals_interrupt():
        return _replay(args)


def _replay(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from sfnet_ros.ros.process import wait_with_a_short_spin

    # The model is timed alone as it ran in the node. Before anything else, as bags bring torch along.
    wait_with_a_short_spin()
    from sfnet_ros.bags.source import Source
    from sfnet_ros.ros.replay.supervise import replay

    source = Source.of(args.bag, args.topic, args.truth)
    plan = _plan(args, source)
    check_outputs([args.out / 'report.html', *([args.json] if args.json else [])], [args.bag])
    if args.step:
        print('Enter sends the next frame, q and Enter ends', file=sys.stderr)
    frames = source.frames * args.loop
    with tqdm(desc='replay', total=frames, unit='frame', disable=None) as progress:
        replayed = replay(plan, on_label=progress.update)
    # Only now: what the judging needs is slow to import, and the node needs the processor.
    from sfnet_ros.cli.options import segmenter_options
    from sfnet_ros.ros.replay.judge import RESULTS, judge

    segmenter = segmenter_options(args, args.threads).load()
    with tqdm(desc='judge', total=replayed.sent, unit='frame', disable=None) as progress:
        report = judge(source, plan, replayed, segmenter, args.out, on_frame=progress.update)
    if args.json:
        report.write_json(args.json)
    for warning in report.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    print(report.table())
    print(f'\n{args.out}: {", ".join(RESULTS)}')
    return 0


def _plan(args: argparse.Namespace, source: Source) -> ReplayPlan:
    from sfnet_ros.bags.messages import COMPRESSED_IMAGE
    from sfnet_ros.bags.read import Bag
    from sfnet_ros.ros.replay.plan import Mode, ReplayPlan

    with Bag(args.bag) as bag:
        is_compressed = bag.image_topics[source.topic] == COMPRESSED_IMAGE
    return ReplayPlan(
        args.bag,
        source.topic,
        is_compressed,
        _node_parameters(args),
        speed=args.speed,
        rate_hz=args.rate,
        loops=args.loop,
        mode=Mode.LOCKSTEP if args.lockstep else Mode.STEP if args.step else Mode.PACED,
        domain=args.domain,
    )


def _node_parameters(args: argparse.Namespace) -> dict[str, str | int | float | bool]:
    from torch import get_num_threads

    from sfnet_ros.cli.options import parse_input_size

    input_hw = parse_input_size(args.input_size)
    height, width = (0, 0) if input_hw is None else (-1, -1) if input_hw == 'frame' else input_hw
    # A node leaves a core to the rest of the robot, where an evaluation has them all.
    alone = args.lockstep or args.step
    return {
        'model': args.model,
        'backend': args.backend,
        'device': args.device,
        'precision': args.precision,
        'threads': args.threads or (get_num_threads() if alone else 0),
        'input_height': height,
        'input_width': width,
        'use_sim_time': args.use_sim_time,
    }
