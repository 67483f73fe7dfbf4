"""`sfnet data check`: read a whole data set, and say what it holds, what is missing and how to lay it out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfnet_ros.datasets.check import SplitFound
    from sfnet_ros.labels import LabelSpace

SUMMARY = 'read every picture of a data set: what is there, what is missing or damaged, and how to lay it out'
EXAMPLE = 'sfnet data check data/cityscapes --split val'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('root', type=Path, metavar='ROOT', help='folder of the data set')
    parser.add_argument('--layout', help='how it lies on disk, such as cityscapes (default: told from its folders)')
    parser.add_argument('--split', action='append', metavar='SPLIT', help='only this split, such as val')
    parser.add_argument(
        '--label-space', metavar='NAME', help="classes to read it in (default: its label maps' own; folder needs one)"
    )


def run(args: argparse.Namespace) -> int:
    """Check the splits, and print what was found; 1 where something is wrong."""
    from sfnet_ros.datasets import LAYOUTS
    from sfnet_ros.datasets.check import splits_at
    from sfnet_ros.labels import LabelSpace

    layout = args.layout or _told_from_folders(args.root)
    if layout not in LAYOUTS:
        raise ValueError(f'layout {layout!r} is not one of {", ".join(LAYOUTS)}')
    name = args.label_space or LAYOUTS[layout].default_label_space(args.root)
    if name is None:
        raise ValueError('the classes of a plain folder are its own: name them by --label-space, such as camvid')
    label_space = LabelSpace.load(name)
    print(f'{args.root}: {LAYOUTS[layout].title}, layout {layout}, read in the classes of {label_space.name}')
    faults = [_check(layout, args.root, split, label_space) for split in args.split or splits_at(args.root, layout)]
    if all(fault is None for fault in faults):
        return 0
    _explain(layout, args.root)
    # A split that is not there is no fault where others are: test labels are seldom published.
    wanted = bool(args.split) or all(fault == 'absent' for fault in faults)
    return int(wanted or 'damaged' in faults)


def _told_from_folders(root: Path) -> str:
    from sfnet_ros.datasets import LAYOUTS
    from sfnet_ros.datasets.check import layouts_at

    found = layouts_at(root)
    if found:
        if len(found) > 1:
            print(f'looks like {" and ".join(found)}; choose by --layout, {found[0]} is taken')
        return found[0]
    # Archives come with a folder around them.
    for inner in sorted(path for path in root.iterdir() if path.is_dir()):
        if within := layouts_at(inner):
            raise ValueError(
                f'{root} is laid out like no data set that is known, but {inner} like {within[0]}; give that'
            )
    for layout in LAYOUTS:
        _explain(layout, root)
    raise ValueError(f'{root} is laid out like no data set that is known; the layouts above are')


def _check(layout: str, root: Path, split: str, label_space: LabelSpace) -> str | None:
    from tqdm import tqdm

    from sfnet_ros.datasets.check import check_split

    print(f'\n{split or "(no split)"}')
    try:
        found = check_split(
            layout, root, split, label_space, lambda indices: tqdm(indices, unit='picture', leave=False, disable=None)
        )
    except FileNotFoundError as error:
        print(f'  absent: {error}')
        return 'absent'
    except ValueError as error:
        print(f'  damaged: {error}')
        return 'damaged'
    _print_found(found, label_space)
    return 'damaged' if found.problems else None


def _print_found(found: SplitFound, label_space: LabelSpace) -> None:
    sizes = ', '.join(f'{height}x{width} ({count})' for (height, width), count in sorted(found.sizes.items()))
    print(f'  {found.pictures} pictures with label maps: {sizes or "none"}')
    if found.drives:
        print(f'  {len(found.drives)} drives: {", ".join(found.drives)}')
    total = max(1, int(found.pixel_counts.sum()))
    shares = [
        f'{name} {100 * count / total:.1f}' for name, count in zip(label_space.names, found.pixel_counts, strict=True)
    ]
    print(f'  percent of the labelled pixels: {", ".join(shares)}; unlabelled {100 * found.unlabelled:.1f} of all')
    for problem in found.problems:
        print(f'  damaged: {problem}')


def _explain(layout: str, root: Path) -> None:
    from sfnet_ros.datasets.check import describe

    print(f'\n{describe(layout, root)}', file=sys.stderr)
