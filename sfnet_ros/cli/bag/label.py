"""`sfnet bag label`: copy recordings with a model's labels added."""

from __future__ import annotations

import argparse
from pathlib import Path

from sfnet_ros.cli.bag.fleet import (
    add_bags_argument,
    add_fleet_arguments,
    end_without,
    find_bags,
    fleet_progress,
    make_workers,
)
from sfnet_ros.cli.options import add_segmenter_arguments, segmenter_options

SUMMARY = "copy recordings and add labels at the frames' stamps; a run that was killed goes on when started again"
EXAMPLE = 'sfnet bag label test/data/camvid_0016E5 --model df1_camvid --overlay --out labelled'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_bags_argument(parser)
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        metavar='BAG2',
        help='the new bag, which must not exist yet: one file that is not compressed, .db3 of .db3 and .mcap of all '
        'else, and of a ROS 1 bag one of ROS 2; of several bags or a pattern, the folder of the new bags',
    )
    parser.add_argument('--topic', help='topic of the frames (default: the only one that the bag has)')
    parser.add_argument(
        '--prefix', default='/sfnet', help='the new topics are PREFIX/label/compressed, ... (default %(default)s)'
    )
    parser.add_argument('--overlay', action='store_true', help='add JPEGs of frames under the colours of their labels')
    parser.add_argument(
        '--raw', action='store_true', help='record labels and confidences as mono8 images, not as lossless PNG'
    )
    parser.add_argument(
        '--chunk', type=int, default=64, metavar='N', help='frames labelled at a time, what a kill costs (%(default)s)'
    )
    parser.add_argument(
        '--threads',
        type=int,
        default=1,
        metavar='N',
        help='of each process, or 0 for as many as one takes; rounding depends on it (default %(default)s)',
    )
    add_fleet_arguments(parser)
    add_segmenter_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Label, and say what was written."""
    from torch import get_num_threads

    from sfnet_ros.bags.label.job import plan_jobs
    from sfnet_ros.bags.label.label import Labelling
    from sfnet_ros.bags.label.plan import LabelOptions

    options = LabelOptions(args.topic, args.prefix, args.overlay, args.raw, args.chunk)
    outs = _outputs(args)
    one = len(outs) == 1
    # Said in numbers, as another process, on another machine, would choose for itself.
    threads = args.threads or get_num_threads()
    planned = plan_jobs(outs, options, segmenter_options(args, threads), keep_done=not one)
    if one and planned.refused:
        raise planned.refused[0]
    for out in planned.done:
        print(f'{out}: labelled already')
    if planned.jobs:
        workers = make_workers(args, planned.jobs[0].plan.model.device, threads)
        frames = sum(job.frames for job in planned.jobs)
        with fleet_progress('label', frames, len(planned.jobs)) as progress:
            labelled = list(Labelling(planned.jobs, workers, progress).run())
        for bag in labelled:
            converted = ', all messages converted from ROS 1 to ROS 2' if bag.is_converted else ''
            print(f'{bag.out}: {bag.frames - bag.unlabelled} of {bag.frames} frames labelled{converted}')
        print(f'topics: {", ".join(topic for topic, _ in options.topics.values())}')
    end_without(planned.refused, len(outs), 'labelled')
    return 0


def _outputs(args: argparse.Namespace) -> dict[Path, Path]:
    """Find the output of each recording: that which is named, or for several one of each name in a folder."""
    bags = find_bags(args.bags)
    if len(args.bags) == 1 and bags == [Path(args.bags[0])]:
        return {bags[0]: args.out}
    outs = {bag: args.out / (bag.name if bag.is_dir() else bag.stem) for bag in bags}
    by_out = {out: bag for bag, out in outs.items()}
    for bag, out in outs.items():
        if by_out[out] != bag:
            raise ValueError(f'{bag} and {by_out[out]} would both become {out}; label one of them by itself')
    return outs
