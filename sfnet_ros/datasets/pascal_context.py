"""PASCAL Context in its 59 frequent classes, or 60 with the background.

Source: Mottaghi et al., CVPR 2014. The label maps are those that its annotations are usually converted to: 0 is the
background, 1 to 59 the classes.
"""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.layout import Layout, label_id_reader
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_listed
from sfnet_ros.labels import LabelSpace


def _pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    images = files_by_name(root / 'JPEGImages', '*')
    labels = files_by_name(root / 'SegmentationClassContext', '*')
    return pair_listed(root / 'ImageSets' / 'SegmentationContext' / f'{split}.txt', images, labels)


PASCAL_CONTEXT = Layout(
    title='PASCAL Context, in the folders of VOC 2010',
    tree=(
        'JPEGImages/<name>.jpg',
        'SegmentationClassContext/<name>.png (0 is the background, 1 to 59 are the classes by the alphabet)',
        'ImageSets/SegmentationContext/<split>.txt (a name a line)',
    ),
    splits=('train', 'val'),
    label_spaces=('pascal_context', 'pascal_context60'),
    marks=(('SegmentationClassContext',),),
    pairs=_pairs,
    reader=label_id_reader,
)
