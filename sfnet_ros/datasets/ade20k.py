"""ADE20K, the 150 classes of the scene parsing challenge.

Source: Zhou et al., CVPR 2017; archive ADEChallengeData2016.
"""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.folder import pair_folders
from sfnet_ros.datasets.layout import Layout, label_id_reader
from sfnet_ros.datasets.pairing import Pair
from sfnet_ros.labels import LabelSpace

_FOLDERS = {'train': 'training', 'val': 'validation'}


def _pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    return pair_folders(root / 'images' / _FOLDERS[split], root / 'annotations' / _FOLDERS[split])


ADE20K = Layout(
    title='ADE20K (ADEChallengeData2016)',
    tree=(
        'images/training/ADE_train_<number>.jpg, images/validation/ADE_val_<number>.jpg',
        'annotations/training/ADE_train_<number>.png, and for validation (0 is unlabelled, 1 to 150 are the classes)',
    ),
    splits=('train', 'val'),
    label_spaces=('ade20k',),
    marks=(('annotations/training',),),
    pairs=_pairs,
    reader=label_id_reader,
)
