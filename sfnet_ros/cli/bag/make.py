"""`sfnet bag make`: turn a labelled drive into a recording."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = 'write a labelled drive as an mcap bag of JPEG frames and their ground truth'
EXAMPLE = 'sfnet bag make --camvid data/camvid --split val --drive 0016E5 --rate 15 --out camvid_0016E5'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--camvid', type=Path, required=True, metavar='ROOT', help='folder of CamVid (SegNet layout)')
    parser.add_argument('--split', default='val', help='train, val or test (default %(default)s)')
    parser.add_argument('--drive', action='append', default=[], help='only the frames of this drive, such as 0016E5')
    parser.add_argument('--rate', type=float, default=15.0, help='frames per second (default %(default)s)')
    parser.add_argument('--jpeg-quality', type=int, default=95, help='1 to 100 (default %(default)s)')
    parser.add_argument('--frame-id', default='camera', help='frame_id of every header (default %(default)s)')
    parser.add_argument('--out', type=Path, required=True, metavar='FOLDER', help='the bag; it must not exist yet')


def run(args: argparse.Namespace) -> int:
    """Write the bag and say what is in it."""
    from tqdm import tqdm

    from sfnet_ros.bags.make import Recording, make_bag
    from sfnet_ros.datasets import CamVid

    recording = Recording(rate=args.rate, jpeg_quality=args.jpeg_quality, frame_id=args.frame_id)
    drive = CamVid(args.camvid, args.split, drives=args.drive)
    make_bag(args.out, tqdm(drive, unit='frame', disable=None), drive.label_space, recording)
    megabytes = sum(file.stat().st_size for file in args.out.iterdir()) / 1e6
    print(f'{args.out}: {len(drive)} frames at {args.rate:g} Hz, {megabytes:.1f} MB')
    return 0
