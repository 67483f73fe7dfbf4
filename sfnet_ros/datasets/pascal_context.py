"""PASCAL Context in its 59 frequent classes, or 60 with the background.

Source: Mottaghi et al., CVPR 2014. Its annotations are MAT-files of 459 classes; they are usually converted to label
maps where 0 is the background, 1 to 59 the frequent classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.datasets.label_files import read_label_ids
from sfnet_ros.datasets.layout import Layout, Reader
from sfnet_ros.datasets.mat_files import read_matrix
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_listed
from sfnet_ros.labels import LabelSpace

# The frequent classes among the 459, which both lists have by the alphabet.
_FREQUENT = (
    2, 9, 18, 19, 22, 23, 25, 31, 33, 34, 44, 45, 46, 59, 65, 68, 72, 80, 85, 98, 104, 105, 113, 115, 144, 158, 159,
    162, 187, 189, 207, 220, 232, 258, 259, 260, 284, 295, 296, 308, 324, 326, 347, 349, 354, 355, 360, 366, 368, 397,
    415, 416, 420, 424, 427, 440, 445, 454, 458,
)  # fmt: skip
_MOST = 459
_MATRIX = 'LabelMap'


def _pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    images = files_by_name(root / 'JPEGImages', '*')
    converted = root / 'SegmentationClassContext'
    labels = (
        files_by_name(converted, '*') if converted.is_dir() else files_by_name(root / 'trainval', '*', '', ('.mat',))
    )
    listing = root / 'ImageSets' / 'SegmentationContext' / f'{split}.txt'
    # All that VOC 2010 has is annotated, so its own lists say the same.
    return pair_listed(listing if listing.is_file() else root / 'ImageSets' / 'Main' / f'{split}.txt', images, labels)


def _reader(_root: Path, _label_space: LabelSpace) -> Reader:
    table = np.zeros(_MOST + 1, np.uint8)
    table[list(_FREQUENT)] = np.arange(1, len(_FREQUENT) + 1)
    return lambda path: _read_annotation(path, table) if path.suffix.lower() == '.mat' else read_label_ids(path)


def _read_annotation(path: Path, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    ids = read_matrix(path, _MATRIX)
    if ids.ndim != 2 or ids.size == 0 or not (ids.min() >= 0 and ids.max() <= _MOST) or np.any(ids % 1):
        raise ValueError(f'label file {path}: {_MATRIX} is no map of the classes 0 to {_MOST} of PASCAL Context')
    return table[ids.astype(np.int64)]


PASCAL_CONTEXT = Layout(
    title='PASCAL Context, in the folders of VOC 2010',
    tree=(
        'JPEGImages/<name>.jpg',
        f'trainval/<name>.mat (the annotations as they are published, {_MATRIX} of 459 classes)',
        'or SegmentationClassContext/<name>.png (0 is the background, 1 to 59 are the classes by the alphabet)',
        'ImageSets/SegmentationContext/<split>.txt, or those in ImageSets/Main (a name a line)',
    ),
    splits=('train', 'val'),
    label_spaces=('pascal_context', 'pascal_context60'),
    marks=(('SegmentationClassContext',), ('JPEGImages', 'trainval/*.mat')),
    pairs=_pairs,
    reader=_reader,
)
