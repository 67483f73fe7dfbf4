"""Look through a data set before hours of training on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.datasets import LAYOUTS, LabelledPictures, open_dataset
from sfnet_ros.labels import LabelSpace

# Hundreds help nobody who waits for a run to begin.
_LISTED = 10


@dataclass(frozen=True)
class SplitFound:
    """What a split holds.

    Args:
        split: Its name.
        pictures: How many pairs can be read.
        drives: Drives or cities that they are from, where names tell.
        sizes: Sizes (height, width) that occur, and how often.
        pixel_counts: Labelled pixels of each class, ``(K,)``.
        unlabelled: Share of the pixels that have no class, 0 to 1.
        problems: A sentence for each pair that cannot be used.
    """

    split: str
    pictures: int
    drives: tuple[str, ...]
    sizes: dict[tuple[int, int], int]
    pixel_counts: NDArray[np.int64]
    unlabelled: float
    problems: tuple[str, ...]


def layouts_at(root: Path) -> list[str]:
    """List the layouts that a folder looks like; none where it looks like no data set.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    if not root.is_dir():
        raise FileNotFoundError(f'folder {root} does not exist; give the root folder of a data set')
    found = [
        name
        for name, layout in LAYOUTS.items()
        if any(all(any(root.glob(mark)) for mark in group) for group in layout.marks)
    ]
    # Folders called images and labels are in others too.
    return [name for name in found if name != 'folder'] or found


def splits_at(root: Path, layout: str) -> list[str]:
    """List the splits that may lie in a data set: those of the layout, or for plain folders those that are there."""
    if LAYOUTS[layout].splits:
        return list(LAYOUTS[layout].splits)
    own = [''] if (root / 'images').is_dir() else []
    return own + sorted(folder.parent.name for folder in root.glob('*/images') if folder.is_dir())


def describe(layout: str, root: Path) -> str:
    """Say how a layout lies on disk, as lines of text."""
    chosen = LAYOUTS[layout]
    splits = f' (splits: {", ".join(chosen.splits)})' if chosen.splits else ''
    title = f'{chosen.title}, layout {layout}{splits}, under {root}:'
    return '\n'.join([title, *(f'  {line}' for line in chosen.tree)])


def check_split(
    layout: str,
    root: Path,
    split: str,
    label_space: LabelSpace,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> SplitFound:
    """Read every pair of a split.

    Args:
        layout: A key of `LAYOUTS`.
        root: Folder of the data set.
        split: The split.
        label_space: Classes that the label maps are read in.
        progress: Goes through the indices, so as to show how far it is.

    Raises:
        FileNotFoundError: A folder of the layout does not exist.
        ValueError: Pictures have no label map; see `open_dataset`.
    """
    dataset = open_dataset(layout, root, split, label_space)
    counts, sizes, problems = np.zeros(256, np.int64), dict[tuple[int, int], int](), list[str]()
    for found in _read_all(dataset, range(len(dataset)), progress):
        if isinstance(found, str):
            problems.append(found)
            continue
        size_hw, pixel_counts = found
        counts += pixel_counts
        sizes[size_hw] = sizes.get(size_hw, 0) + 1
    return SplitFound(
        split=split,
        pictures=len(dataset) - len(problems),
        drives=tuple(dataset.drives),
        sizes=sizes,
        pixel_counts=counts[: label_space.num_classes],
        unlabelled=float(counts[LabelSpace.ignore_index] / max(1, counts.sum())),
        problems=tuple(problems),
    )


def check_readable(dataset: LabelledPictures, indices: Sequence[int]) -> None:
    """Read pairs of a data set, before hours of work that would end at one that cannot be used.

    Raises:
        ValueError: Some cannot; see `refuse_damaged`.
    """
    refuse_damaged([found for found in _read_all(dataset, indices, iter) if isinstance(found, str)], len(indices))


def refuse_damaged(problems: Sequence[str], count: int) -> None:
    """End in one error if pairs of a data set cannot be used.

    Args:
        problems: A sentence for each of them.
        count: Pairs in all.

    Raises:
        ValueError: There are problems: the one, or the first ten.
    """
    if len(problems) == 1:
        raise ValueError(problems[0])
    if problems:
        more = f'. `sfnet data check` lists {len(problems) - _LISTED} more' if len(problems) > _LISTED else ''
        raise ValueError(f'{len(problems)} of {count} pictures cannot be used: {". ".join(problems[:_LISTED])}{more}')


def _read_all(
    dataset: LabelledPictures, indices: Sequence[int], progress: Callable[[Iterable[int]], Iterable[int]]
) -> Iterator[tuple[tuple[int, int], NDArray[np.int64]] | str]:
    """Give the size and the pixels of each train id of the pairs, or what is wrong with them."""

    # What waits for its turn is small: on many cores, decoded pictures would fill the memory.
    def read(index: int) -> tuple[tuple[int, int], NDArray[np.int64]] | str:
        try:
            target = dataset[index].target
        except ValueError as error:
            return str(error)
        return (target.shape[0], target.shape[1]), np.bincount(target.ravel(), minlength=256)

    # Decoding releases the interpreter's lock.
    with ThreadPoolExecutor() as pool:
        for _, found in zip(progress(indices), pool.map(read, indices), strict=True):
            yield found
