"""The India Driving Dataset, in its 26 classes of level 3 or in those of Cityscapes.

Source: Varma et al., WACV 2019; labels as polygons, or as the label maps that its public code writes of them.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sfnet_ros.datasets.cityscapes_ids import of_train_ids
from sfnet_ros.datasets.idd_polygons import cityscapes_ids, level_3_ids, read_polygons
from sfnet_ros.datasets.layout import Layout, Reader, label_id_reader, table_reader
from sfnet_ros.datasets.pairing import SUFFIXES, Pair, files_by_name, pair_up
from sfnet_ros.labels import LabelSpace

_OWN_SPACE = 'idd'
_OWN_ENDING, _CITYSCAPES_ENDING = '_gtFine_labellevel3Ids', '_gtFine_labelcsTrainIds'
_POLYGONS_ENDING = '_gtFine_polygons'
_FILES_OF = {
    _OWN_SPACE: f'gtFine/*/*/*{_OWN_ENDING}.png',
    'cityscapes': f'gtFine/*/*/*{_CITYSCAPES_ENDING}.png',
}


def _pairs(root: Path, split: str, label_space: LabelSpace) -> list[Pair]:
    ending = _OWN_ENDING if label_space.name == _OWN_SPACE else _CITYSCAPES_ENDING
    images = _by_sequence(root / 'leftImg8bit' / split, '_leftImg8bit', SUFFIXES)
    labels = root / 'gtFine' / split
    # The archives hold polygons, and the public code writes label maps beside them.
    if any(labels.glob(f'*/*{ending}.png')):
        return pair_up(images, _by_sequence(labels, ending, SUFFIXES))
    return pair_up(images, _by_sequence(labels, _POLYGONS_ENDING, ('.json',)))


def _by_sequence(folder: Path, ending: str, suffixes: Collection[str]) -> dict[str, Path]:
    # Frames are numbered anew in every sequence, so a name is told by its sequence too.
    sequences = [sequence for sequence in sorted(folder.glob('*')) if sequence.is_dir()]
    if not sequences:
        raise FileNotFoundError(f"folder {folder} with sequences in it does not exist; give the data set's root folder")
    found = {sequence.name: files_by_name(sequence, '*', ending, suffixes) for sequence in sequences}
    return {f'{sequence}_{name}': path for sequence, paths in found.items() for name, path in paths.items()}


def _reader(root: Path, label_space: LabelSpace) -> Reader:
    own = label_space.name == _OWN_SPACE
    read_label_map = label_id_reader(root, label_space) if own else table_reader(of_train_ids())
    ids = level_3_ids() if own else cityscapes_ids()
    return lambda path: read_polygons(path, ids) if path.suffix.lower() == '.json' else read_label_map(path)


IDD = Layout(
    title='India Driving Dataset (IDD segmentation)',
    tree=(
        'leftImg8bit/<split>/<sequence>/<frame>_leftImg8bit.png or .jpg',
        f'gtFine/<split>/<sequence>/<frame>{_POLYGONS_ENDING}.json (both label spaces)',
        'or label maps that the public code of the data set wrote:',
        f'gtFine/<split>/<sequence>/<frame>{_OWN_ENDING}.png (label space idd)',
        f'gtFine/<split>/<sequence>/<frame>{_CITYSCAPES_ENDING}.png (label space cityscapes)',
    ),
    splits=('train', 'val'),
    label_spaces=tuple(_FILES_OF),
    # Cityscapes has files of that name too, but in folders that are called as cities are.
    marks=((f'gtFine/*/[0-9]*/*{_POLYGONS_ENDING}.json',), *((files,) for files in _FILES_OF.values())),
    pairs=_pairs,
    reader=_reader,
    files_of=_FILES_OF,
)
