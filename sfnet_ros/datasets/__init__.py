"""Readers of labelled pictures."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sfnet_ros.datasets.ade20k import ADE20K
from sfnet_ros.datasets.base import LabelledPictures, Sample
from sfnet_ros.datasets.bdd100k import BDD100K
from sfnet_ros.datasets.camvid import CAMVID, CAMVID_FULL
from sfnet_ros.datasets.cityscapes import CITYSCAPES, CITYSCAPES_COARSE, CITYSCAPES_SEQUENCE
from sfnet_ros.datasets.folder import FOLDER
from sfnet_ros.datasets.idd import IDD
from sfnet_ros.datasets.layout import Layout
from sfnet_ros.datasets.mapillary import MAPILLARY, MAPILLARY_2
from sfnet_ros.datasets.pascal_context import PASCAL_CONTEXT
from sfnet_ros.labels import LabelSpace

LAYOUTS: dict[str, Layout] = {
    'ade20k': ADE20K,
    'bdd100k': BDD100K,
    'camvid': CAMVID,
    'camvid_full': CAMVID_FULL,
    'cityscapes': CITYSCAPES,
    'cityscapes_coarse': CITYSCAPES_COARSE,
    'cityscapes_sequence': CITYSCAPES_SEQUENCE,
    'folder': FOLDER,
    'idd': IDD,
    'mapillary': MAPILLARY,
    'mapillary_2': MAPILLARY_2,
    'pascal_context': PASCAL_CONTEXT,
}


def open_dataset(
    layout: str,
    root: str | Path,
    split: str,
    label_space: LabelSpace,
    drives: Collection[str] = (),
    exclude_drives: Collection[str] = (),
) -> LabelledPictures:
    """Open a split of a data set by the name of its layout.

    Args:
        layout: A key of `LAYOUTS`.
        root: Folder of the data set.
        split: One of the layout's, or several joined by ``+``.
        label_space: Classes that the label maps are read in.
        drives: Keep only these drives or cities; empty: all.
        exclude_drives: Leave these out, so that a recipe is judged on one that no training picture is from.

    Raises:
        FileNotFoundError: A folder of that layout does not exist.
        ValueError: The layout, split or a drive is unknown, the classes are those of another data set, or pictures
            have no label map.
    """
    if layout not in LAYOUTS:
        raise ValueError(f'layout {layout!r} is not one of {", ".join(LAYOUTS)}')
    chosen = LAYOUTS[layout]
    splits = split.split('+')
    for each in splits:
        if chosen.splits and each not in chosen.splits:
            raise ValueError(f'split {each!r} is not one of {", ".join(chosen.splits)}')
    _check_label_space(layout, label_space)
    reader = chosen.reader(Path(root), label_space)
    dataset = LabelledPictures(
        [pair for each in splits for pair in chosen.pairs(Path(root), each, label_space)],
        label_space,
        lambda path: label_space.to_train_ids(reader(path)),
        chosen.drive_of,
    )
    if drives or exclude_drives:
        _select_drives(dataset, layout, split, set(drives), set(exclude_drives))
    return dataset


def find_frames(layout: str, root: str | Path, split: str, label_space: LabelSpace) -> dict[str, Path]:
    """Find the pictures of a split by their names, with or without labels.

    Args:
        layout: A key of `LAYOUTS`.
        root: Folder of the data set.
        split: One of the layout's.
        label_space: Classes that they are to be labelled in.

    Raises:
        FileNotFoundError: A folder of that layout does not exist.
        ValueError: The layout's pictures are known by their labels alone, or labelled in other classes.
    """
    find = LAYOUTS[layout].frames
    if find is None:
        known = ', '.join(name for name, other in LAYOUTS.items() if other.frames)
        raise ValueError(f'layout {layout} is read with its labels alone; without them, accepted is {known}')
    _check_label_space(layout, label_space)
    return find(Path(root), split)


def _check_label_space(layout: str, label_space: LabelSpace) -> None:
    accepted = LAYOUTS[layout].label_spaces
    of_others = {name for other in LAYOUTS.values() for name in other.label_spaces} - set(accepted)
    if accepted and label_space.name in of_others:
        raise ValueError(
            f'{LAYOUTS[layout].title} is labelled in the classes of {" or ".join(accepted)}, not of {label_space.name}'
        )


def _select_drives(
    dataset: LabelledPictures, layout: str, split: str, drives: set[str], exclude_drives: set[str]
) -> None:
    if not dataset.drives:
        known = ', '.join(name for name, other in LAYOUTS.items() if other.drive_of)
        raise ValueError(f'layout {layout} knows no drives ({known} do); leave them out')
    present = set(dataset.drives)
    unknown = sorted((drives | exclude_drives) - present)
    if unknown:
        raise ValueError(f'drive {unknown[0]!r} is not in {split}; its drives are {", ".join(dataset.drives)}')
    dataset.keep_drives((drives or present) - exclude_drives)


__all__ = ['LAYOUTS', 'LabelledPictures', 'Layout', 'Sample', 'find_frames', 'open_dataset']
