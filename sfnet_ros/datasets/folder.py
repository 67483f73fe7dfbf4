"""A data set of one's own: a folder of pictures beside a folder of label maps."""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.datasets.base import PairedFolders
from sfnet_ros.labels import LabelSpace


class ImageFolder(PairedFolders):
    """``<root>[/<split>]/images`` and ``<root>[/<split>]/labels``, label maps in the label ids of a label space.

    Args:
        root: Folder of the data set.
        label_space: What the values of the label maps mean.
        split: A folder under ``root``; empty where the data set has none.
    """

    def __init__(self, root: str | Path, label_space: LabelSpace, split: str = '') -> None:
        folder = Path(root) / split
        super().__init__(folder / 'images', folder / 'labels', label_space)
