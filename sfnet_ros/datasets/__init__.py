"""Readers of labelled pictures."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sfnet_ros.datasets.base import PairedFolders, Sample
from sfnet_ros.datasets.camvid import CamVid
from sfnet_ros.datasets.folder import ImageFolder
from sfnet_ros.labels import LabelSpace

LAYOUTS = ('camvid', 'folder')


def open_dataset(
    layout: str,
    root: str | Path,
    split: str,
    label_space: LabelSpace,
    drives: Collection[str] = (),
    exclude_drives: Collection[str] = (),
) -> PairedFolders:
    """Open a data set by the name of its layout.

    Raises:
        FileNotFoundError: A folder of that layout does not exist.
        ValueError: The layout, split or a drive is unknown, or the data set's classes are not those of the network.
    """
    if layout == 'camvid':
        dataset = CamVid(root, split, drives, exclude_drives)
        if dataset.label_space.names != label_space.names:
            raise ValueError(f'CamVid is labelled in the classes of camvid, not of {label_space.name}')
        return dataset
    if layout == 'folder':
        if drives or exclude_drives:
            raise ValueError('drives are known in the layout camvid only; leave them out')
        return ImageFolder(root, label_space, split)
    raise ValueError(f'layout {layout!r} is not one of {", ".join(LAYOUTS)}')


__all__ = ['LAYOUTS', 'CamVid', 'ImageFolder', 'PairedFolders', 'Sample', 'open_dataset']
