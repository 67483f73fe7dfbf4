"""`sfnet bag make`: turn a drive into a recording."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfnet_ros.bags.drive import Drive

SUMMARY = 'write a drive as a bag: frames, their ground truth and the calibration of their camera'
EXAMPLE = (
    'sfnet bag make --camvid data/camvid --split val --drive 0016E5 --out camvid_0016E5\n'
    '  sfnet bag make --cityscapes data/cityscapes --city frankfurt --sequence 1 --codec png --out frankfurt_1\n'
    '  sfnet bag make --frames frames --labels labels --label-space cityscapes --camera camera.yaml --out my_drive'
)

# Options that belong to one source, and would be passed over with another.
_BELONGS_TO = {
    'split': ('camvid', 'cityscapes'),
    'drive': ('camvid',),
    'city': ('cityscapes',),
    'sequence': ('cityscapes',),
    'labels': ('frames',),
    'label_space': ('frames',),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    _add_sources(parser)
    how = parser.add_argument_group('how it is recorded')
    how.add_argument('--rate', type=float, help='frames per second (default 15; of Cityscapes 17)')
    how.add_argument('--start', type=int, metavar='SECONDS', help='stamp of the first frame (default: 1 January 2008)')
    how.add_argument('--codec', default='jpeg', help='jpeg, png or raw (default %(default)s)')
    how.add_argument(
        '--quality', '--jpeg-quality', type=int, default=95, help='of JPEG, 1 to 100 (default %(default)s)'
    )
    how.add_argument(
        '--camera', type=Path, metavar='FILE', help='calibration for CameraInfo: a .yaml of ROS or .json of Cityscapes'
    )
    how.add_argument('--frame-id', default='camera', help='frame_id of every header (default %(default)s)')
    how.add_argument('--namespace', default='/camera', help='what the topics begin with (default %(default)s)')
    how.add_argument('--storage', default='mcap', help='mcap or sqlite3 (default %(default)s)')
    how.add_argument('--split-size', type=float, metavar='MB', help='begin a new file at this size (default: one file)')
    parser.add_argument('--out', type=Path, required=True, metavar='FOLDER', help='the bag; it must not exist yet')


def _add_sources(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('what is recorded')
    sources = group.add_mutually_exclusive_group(required=True)
    sources.add_argument('--camvid', type=Path, metavar='ROOT', help='folder of CamVid (SegNet layout)')
    sources.add_argument(
        '--cityscapes', type=Path, metavar='ROOT', help='folder of Cityscapes, best with its sequences'
    )
    sources.add_argument(
        '--frames', type=Path, metavar='FOLDER', help='folder of pictures, in the order of their names'
    )
    group.add_argument('--split', help='of CamVid or Cityscapes: train, val or test (default val)')
    group.add_argument('--drive', action='append', help='of CamVid: only this drive, such as 0016E5; again for another')
    group.add_argument('--city', action='append', help='of Cityscapes: only this city; again for another')
    group.add_argument('--sequence', action='append', help='of Cityscapes: only this sequence; again for another')
    group.add_argument(
        '--labels', type=Path, metavar='FOLDER', help='label maps of --frames, named as they are; some may be missing'
    )
    group.add_argument('--label-space', metavar='NAME', help='classes of --labels, such as camvid, or a .yaml file')


def run(args: argparse.Namespace) -> int:
    """Write the bag and say what is in it."""
    from tqdm import tqdm

    from sfnet_ros.bags.cityscapes_drive import RATE
    from sfnet_ros.bags.make import Recording, make_bag
    from sfnet_ros.bags.write import Storing

    _refuse_what_belongs_elsewhere(args)
    rate = RATE if args.cityscapes and args.rate is None else args.rate
    chosen = {'rate': rate, 'start_s': args.start}
    recording = Recording(
        jpeg_quality=args.quality,
        frame_id=args.frame_id,
        codec=args.codec,
        namespace=args.namespace,
        storing=Storing(args.storage, args.split_size),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    drive = _open(args)
    if args.camera:
        drive = drive.with_camera(args.camera)
    make_bag(args.out, tqdm(drive, unit='frame', disable=None), drive.label_space, recording)
    calibrated = sum(frame.camera is not None for frame in drive.files)
    files = [file for file in args.out.iterdir() if file.suffix != '.yaml']
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    print(
        f'{args.out}: {len(drive)} frames at {recording.rate:g} Hz, {drive.labelled} with labels, '
        f'{calibrated} with calibration, {megabytes:.1f} MB in {len(files)} file{"s" if len(files) > 1 else ""}'
    )
    return 0


def _open(args: argparse.Namespace) -> Drive:
    from sfnet_ros.bags.cityscapes_drive import cityscapes_drive
    from sfnet_ros.bags.drive import camvid_drive, folder_drive
    from sfnet_ros.labels import LabelSpace

    split = args.split or 'val'
    if args.camvid:
        return camvid_drive(args.camvid, split, args.drive or [])
    if args.cityscapes:
        return cityscapes_drive(args.cityscapes, split, args.city or [], args.sequence or [])
    if bool(args.labels) != bool(args.label_space):
        raise ValueError(
            '--labels and --label-space go together: label maps, and the classes that their ids stand for '
            f'({", ".join(LabelSpace.available())}, or a .yaml file)'
        )
    label_space = LabelSpace.load(args.label_space) if args.label_space else None
    drive, strays = folder_drive(args.frames, args.labels, label_space)
    if strays:
        print(f'warning: label maps without a frame, left out: {len(strays)} (such as {strays[0]})', file=sys.stderr)
    return drive


def _refuse_what_belongs_elsewhere(args: argparse.Namespace) -> None:
    for option, sources in _BELONGS_TO.items():
        if getattr(args, option) and not any(getattr(args, source) for source in sources):
            owners = ' and '.join(f'--{source}' for source in sources)
            raise ValueError(f'--{option.replace("_", "-")} is of {owners}; leave it out')
