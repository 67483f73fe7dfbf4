"""BDD100K's semantic segmentation, in the classes of Cityscapes.

Source: Yu et al., CVPR 2020; its label maps hold train ids, in the present archives and in the former ones.
"""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.cityscapes_ids import of_train_ids
from sfnet_ros.datasets.layout import Layout, Reader, table_reader
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_up
from sfnet_ros.labels import LabelSpace


def _pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    for former in (root / 'seg', root):
        labels = former / 'labels' / split
        if any(labels.glob('*_train_id.png')):
            return pair_up(files_by_name(former / 'images' / split, '*'), files_by_name(labels, '*', '_train_id'))
    images = files_by_name(root / 'images' / '10k' / split, '*')
    return pair_up(images, files_by_name(root / 'labels' / 'sem_seg' / 'masks' / split, '*'))


def _reader(_root: Path, _label_space: LabelSpace) -> Reader:
    return table_reader(of_train_ids())


BDD100K = Layout(
    title='BDD100K, semantic segmentation',
    tree=(
        'images/10k/<split>/<name>.jpg',
        'labels/sem_seg/masks/<split>/<name>.png (train ids)',
        'or, as before 2021: [seg/]images/<split>/<name>.jpg and [seg/]labels/<split>/<name>_train_id.png',
    ),
    splits=('train', 'val'),
    label_spaces=('cityscapes',),
    marks=(('labels/sem_seg',), ('seg/labels',), ('labels/*/*_train_id.png',)),
    pairs=_pairs,
    reader=_reader,
)
