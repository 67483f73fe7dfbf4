"""Cityscapes: fine labels, coarse labels, and the labelled frames of its sequences.

Source: Cordts et al., CVPR 2016; folders and names of the published archives, label maps as cityscapesScripts writes
them (``labelIds``).
"""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.layout import Layout, before_underscore, label_id_reader
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_up
from sfnet_ros.labels import LabelSpace


def _frames(root: Path, split: str) -> dict[str, Path]:
    return files_by_name(root / 'leftImg8bit' / split, '*/*', '_leftImg8bit')


def _fine_pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    return pair_up(_frames(root, split), files_by_name(root / 'gtFine' / split, '*/*', '_gtFine_labelIds'))


def _coarse_pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    return pair_up(_frames(root, split), files_by_name(root / 'gtCoarse' / split, '*/*', '_gtCoarse_labelIds'))


def _sequence_pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    # One frame of the 30 of each sequence is labelled.
    labels = files_by_name(root / 'gtFine' / split, '*/*', '_gtFine_labelIds')
    images = files_by_name(root / 'leftImg8bit_sequence' / split, '*/*', '_leftImg8bit')
    labelled = {name: images[name] for name in images.keys() & labels.keys()}
    if not labelled:
        raise ValueError(f'no frame in {root / "leftImg8bit_sequence" / split} has labels in {root / "gtFine" / split}')
    return pair_up(labelled, labels)


CITYSCAPES = Layout(
    title='Cityscapes, fine labels',
    tree=(
        'leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png',
        'gtFine/<split>/<city>/<city>_<sequence>_<frame>_gtFine_labelIds.png',
    ),
    splits=('train', 'val', 'test'),
    label_spaces=('cityscapes',),
    marks=(('leftImg8bit', 'gtFine/*/*/*_gtFine_labelIds.png'),),
    pairs=_fine_pairs,
    reader=label_id_reader,
    frames=_frames,
    drive_of=before_underscore,
)

CITYSCAPES_COARSE = Layout(
    title='Cityscapes, coarse labels',
    tree=(
        'leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png',
        'gtCoarse/<split>/<city>/<city>_<sequence>_<frame>_gtCoarse_labelIds.png',
    ),
    splits=('train', 'train_extra', 'val'),
    label_spaces=('cityscapes',),
    marks=(('leftImg8bit', 'gtCoarse'),),
    pairs=_coarse_pairs,
    reader=label_id_reader,
    drive_of=before_underscore,
)

CITYSCAPES_SEQUENCE = Layout(
    title='Cityscapes, the labelled frames of its sequences',
    tree=(
        'leftImg8bit_sequence/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png',
        'gtFine/<split>/<city>/<city>_<sequence>_<frame>_gtFine_labelIds.png',
    ),
    splits=('train', 'val', 'test'),
    label_spaces=('cityscapes',),
    marks=(('leftImg8bit_sequence', 'gtFine'),),
    pairs=_sequence_pairs,
    reader=label_id_reader,
    drive_of=before_underscore,
)
