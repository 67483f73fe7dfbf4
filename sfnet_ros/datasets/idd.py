"""The India Driving Dataset, in its 26 classes of level 3 or in those of Cityscapes.

Source: Varma et al., WACV 2019; label maps as its public code writes them from the polygons.
"""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.cityscapes_ids import of_train_ids
from sfnet_ros.datasets.layout import Layout, Reader, label_id_reader, table_reader
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_up
from sfnet_ros.labels import LabelSpace

_OWN_SPACE = 'idd'
_OWN_ENDING, _CITYSCAPES_ENDING = '_gtFine_labellevel3Ids', '_gtFine_labelcsTrainIds'
_FILES_OF = {
    _OWN_SPACE: f'gtFine/*/*/*{_OWN_ENDING}.png',
    'cityscapes': f'gtFine/*/*/*{_CITYSCAPES_ENDING}.png',
}


def _pairs(root: Path, split: str, label_space: LabelSpace) -> list[Pair]:
    ending = _OWN_ENDING if label_space.name == _OWN_SPACE else _CITYSCAPES_ENDING
    images = _by_sequence(root / 'leftImg8bit' / split, '_leftImg8bit')
    return pair_up(images, _by_sequence(root / 'gtFine' / split, ending))


def _by_sequence(folder: Path, ending: str) -> dict[str, Path]:
    # Frames are numbered anew in every sequence, so a name is told by its sequence too.
    sequences = [sequence for sequence in sorted(folder.glob('*')) if sequence.is_dir()]
    if not sequences:
        raise FileNotFoundError(f"folder {folder} with sequences in it does not exist; give the data set's root folder")
    found = {sequence.name: files_by_name(sequence, '*', ending) for sequence in sequences}
    return {f'{sequence}_{name}': path for sequence, paths in found.items() for name, path in paths.items()}


def _reader(root: Path, label_space: LabelSpace) -> Reader:
    return label_id_reader(root, label_space) if label_space.name == _OWN_SPACE else table_reader(of_train_ids())


IDD = Layout(
    title='India Driving Dataset (IDD segmentation)',
    tree=(
        'leftImg8bit/<split>/<sequence>/<frame>_leftImg8bit.png or .jpg',
        f'gtFine/<split>/<sequence>/<frame>{_OWN_ENDING}.png (label space idd)',
        f'gtFine/<split>/<sequence>/<frame>{_CITYSCAPES_ENDING}.png (label space cityscapes)',
    ),
    splits=('train', 'val'),
    label_spaces=tuple(_FILES_OF),
    marks=tuple((files,) for files in _FILES_OF.values()),
    pairs=_pairs,
    reader=_reader,
    files_of=_FILES_OF,
)
