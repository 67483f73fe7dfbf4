"""A data set of one's own: a folder of pictures beside a folder of label maps."""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.layout import Layout, label_id_reader
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_up
from sfnet_ros.labels import LabelSpace


def pair_folders(images: Path, labels: Path) -> list[Pair]:
    """Pair the files of two folders by their stems.

    Raises:
        FileNotFoundError: A folder does not exist.
        ValueError: A folder is empty, or a picture has no label map.
    """
    return pair_up(files_by_name(images, '*'), files_by_name(labels, '*'))


def _pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    return pair_folders(root / split / 'images', root / split / 'labels')


FOLDER = Layout(
    title='a plain folder',
    tree=(
        '[<split>/]images/<name>.png, .jpg or .webp',
        '[<split>/]labels/<name>.png (one byte a pixel: the label ids of your label space)',
    ),
    splits=(),
    label_spaces=(),
    marks=(('images', 'labels'), ('*/images', '*/labels')),
    pairs=_pairs,
    reader=label_id_reader,
)
