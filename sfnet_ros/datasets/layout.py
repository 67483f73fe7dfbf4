"""What a data set's layout is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.datasets.label_files import read_label_ids
from sfnet_ros.datasets.pairing import Pair
from sfnet_ros.labels import LabelSpace

# Reads a label map's file as label ids.
Reader = Callable[[Path], NDArray[np.uint8]]


@dataclass(frozen=True)
class Layout:
    """One way in which a data set lies on disk.

    Args:
        title: What the data set is called.
        tree: How it lies on disk, a line for each kind of file; what stands in angle brackets is anything.
        splits: Its splits; empty: any folder's name, or none.
        label_spaces: Names of the shipped label spaces that its files can be read in; a user's own, in the same ids,
            pass too. Empty: any.
        marks: What tells this layout from the others: one of these groups of paths, globs below the root, is there.
        pairs: Lists the pairs of a split.
        reader: Gives what reads a label map in the label ids of a label space.
        frames: Finds the pictures of a split by their names, with or without labels; None: labels are needed.
        drive_of: Tells the drive or city from a picture's name, where names have one.
        files_of: For label spaces whose label maps are files of their own, globs of them below the root.
    """

    title: str
    tree: tuple[str, ...]
    splits: tuple[str, ...]
    label_spaces: tuple[str, ...]
    marks: tuple[tuple[str, ...], ...]
    pairs: Callable[[Path, str, LabelSpace], list[Pair]]
    reader: Callable[[Path, LabelSpace], Reader]
    frames: Callable[[Path, str], dict[str, Path]] | None = None
    drive_of: Callable[[str], str] | None = None
    files_of: Mapping[str, str] = field(default_factory=dict)

    def default_label_space(self, root: Path) -> str | None:
        """Name what a copy is read in unless something else is asked for: the first whose label maps it has, if any."""
        there = [name for name, files in self.files_of.items() if any(root.glob(files))]
        return next(iter([*there, *self.label_spaces]), None)


def label_id_reader(_root: Path, _label_space: LabelSpace) -> Reader:
    """Give the reader of files that hold label ids already."""
    return read_label_ids


def table_reader(table: NDArray[np.uint8]) -> Reader:
    """Give a reader of files whose values ``table``, ``(256,)``, turns into label ids."""
    return lambda path: table[read_label_ids(path)]


def before_underscore(name: str) -> str:
    """Tell the drive or city from names such as ``0016E5_08159`` and ``aachen_000000_000019``."""
    return name.split('_', 1)[0]
