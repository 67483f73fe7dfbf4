"""`sfnet bag export`: turn recordings into a data set to correct and to train on."""

from __future__ import annotations

import argparse
from pathlib import Path

from sfnet_ros.cli.bag.fleet import add_bags_argument, end_without, find_bags, fleet_progress
from sfnet_ros.cli.bag.topics import add_topic_arguments
from sfnet_ros.cli.options import add_segmenter_arguments, load_segmenter

SUMMARY = 'choose frames worth correcting, and write them with their labels as a data set for `sfnet train`'
EXAMPLE = "sfnet bag export 'bags/*.mcap' --select confidence --count 200 --out to_correct"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_bags_argument(parser)
    parser.add_argument('--out', type=Path, required=True, metavar='FOLDER', help='the data set; it must not exist yet')
    parser.add_argument(
        '--select',
        choices=('confidence', 'flicker'),
        help='take the least confident frames, or those that flicker most (default: all frames, as they come)',
    )
    parser.add_argument('--count', type=int, metavar='N', help='take so many frames at most (default: all)')
    parser.add_argument(
        '--min-gap',
        type=float,
        metavar='S',
        help='seconds between frames of a bag (default: 1 with --select, else 0)',
    )
    parser.add_argument('--split', default='train', help='folder in the data set (default %(default)s)')
    add_topic_arguments(parser)
    add_segmenter_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Choose, write, and say whose labels are where."""
    from tqdm import tqdm

    from sfnet_ros.bags.export.dataset import FRAMES_FILE, write_dataset
    from sfnet_ros.bags.export.select import Selection, select
    from sfnet_ros.bags.run import evaluate
    from sfnet_ros.bags.source import Source
    from sfnet_ros.files import refuse_existing

    gap_s = (1.0 if args.select else 0.0) if args.min_gap is None else args.min_gap
    selection = Selection(args.select, args.count, gap_s)
    if args.split != Path(args.split).name:
        raise ValueError(f'--split {args.split!r} is not accepted; the name of one folder is, such as train')
    refuse_existing(args.out)
    sources = [Source.of(path, args.topic, args.truth) for path in find_bags(args.bags)]
    segmenter = load_segmenter(args)
    with fleet_progress('score', sum(source.frames for source in sources), len(sources)) as told:
        judged = evaluate(sources, segmenter, told)
    end_without(judged.refused.values(), len(sources), 'judged, so nothing is exported')
    scores = judged.scores
    chosen = select(scores.frames, selection)
    if not chosen:
        raise ValueError('no frame is left to export; try without --select, or other bags')
    with tqdm(desc='write', total=len(chosen), unit='frame', disable=None) as progress:
        written = write_dataset(args.out, args.split, sources, chosen, segmenter, on_frame=progress.update)
    print(
        f'{args.out}: {len(chosen)} of {len(scores.frames)} frames in {args.split}, {written.truth} with ground truth, '
        f"{written.model} with the model's labels, which are to be corrected ({FRAMES_FILE} says which)"
    )
    space = segmenter.label_space.name
    print(f'train on it with layout: folder, root: {args.out}, split: {args.split}, label_space: {space}')
    return 0
