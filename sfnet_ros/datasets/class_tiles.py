"""Where each class is to be found, for training that shows rare classes as often as common ones."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.datasets.base import LabelledPictures
from sfnet_ros.files import atomic_path
from sfnet_ros.labels import LabelSpace
from sfnet_ros.share import user_cache_folder


@dataclass(frozen=True)
class ClassTiles:
    """The tiles of a data set's label maps, once for each class that a tile holds; all arrays are ``(T,)``.

    Args:
        train_id: The class.
        index: The picture.
        row: Row in px of the centroid of the class's pixels in the tile.
        column: Column in px of it.
    """

    train_id: NDArray[np.int64]
    index: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]


@dataclass(frozen=True)
class Draw:
    """A picture of an epoch, and what its crop is to be centred on.

    Args:
        index: The picture.
        center: Row and column in px; None: anywhere.
    """

    index: int
    center: tuple[int, int] | None


def find_class_tiles(
    dataset: LabelledPictures, tile_px: int, progress: Callable[[Iterable[int]], Iterable[int]] = iter
) -> ClassTiles:
    """Read all label maps and find the centroids of each class in each tile.

    Args:
        dataset: The data set.
        tile_px: Side of a tile; 1024 in the released recipe.
        progress: Goes through the indices, so as to show how far it is.

    Raises:
        ValueError: A label map cannot be read.

    Source: class-uniform sampling of Zhu et al., CVPR 2019, as in the released recipe.
    """
    rows = [
        (train_id, index, top + row, left + column)
        for index in progress(range(len(dataset)))
        for target in [dataset.read_target(index)]
        for top in range(0, target.shape[0], tile_px)
        for left in range(0, target.shape[1], tile_px)
        for train_id, row, column in _centroids(target[top : top + tile_px, left : left + tile_px])
    ]
    return ClassTiles(*np.array(rows, np.int64).reshape(-1, 4).T)


def load_class_tiles(
    dataset: LabelledPictures, tile_px: int, progress: Callable[[Iterable[int]], Iterable[int]] = iter
) -> ClassTiles:
    """Find the tiles once, and from then on read what was found from the user's cache.

    A label map that has changed since, by its size or time, makes it be found anew.

    Raises:
        ValueError: A label map cannot be read.
        OSError: The cache cannot be written.
    """
    path = user_cache_folder() / 'class_tiles' / f'{_key(dataset, tile_px)}.npz'
    names = [field.name for field in fields(ClassTiles)]
    try:
        with np.load(path, allow_pickle=False) as kept:
            return ClassTiles(*(kept[name] for name in names))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass  # none yet, or a damaged one
    tiles = find_class_tiles(dataset, tile_px, progress)
    with atomic_path(path) as temporary, temporary.open('wb') as file:
        np.savez(file, **{name: getattr(tiles, name) for name in names})
    return tiles


def draw_epoch(tiles: ClassTiles, num_pictures: int, share: float, generator: np.random.Generator) -> list[Draw]:
    """Draw the pictures of an epoch, a share of them by class.

    Args:
        tiles: Where the classes are.
        num_pictures: Pictures in the data set, and in the epoch.
        share: Share of the epoch that is drawn evenly over the classes that occur, 0 to 1; the rest are pictures of
            the data set, none of them twice.
        generator: Makes the draw.
    """
    classes = np.unique(tiles.train_id)
    by_class = [np.flatnonzero(tiles.train_id == train_id) for train_id in classes]
    each = int(num_pictures * share / max(1, len(classes)))
    chosen = np.concatenate([generator.choice(of_class, each) for of_class in by_class] or [np.empty(0, np.int64)])
    draws = [Draw(int(tiles.index[t]), (int(tiles.row[t]), int(tiles.column[t]))) for t in chosen]
    draws += [Draw(int(index), None) for index in generator.permutation(num_pictures)[: num_pictures - len(draws)]]
    return [draws[position] for position in generator.permutation(len(draws))]


def _centroids(tile: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    ids = tile.ravel()
    rows, columns = np.divmod(np.arange(ids.size), tile.shape[1])
    counts = np.bincount(ids, minlength=256)
    counts[LabelSpace.ignore_index] = 0
    row_sums, column_sums = (np.bincount(ids, weights=where, minlength=256) for where in (rows, columns))
    return [
        (int(train_id), int(row_sums[train_id] / counts[train_id]), int(column_sums[train_id] / counts[train_id]))
        for train_id in np.flatnonzero(counts)
    ]


def _key(dataset: LabelledPictures, tile_px: int) -> str:
    files = [(str(pair.labels.resolve()), *_state(pair.labels)) for pair in dataset.pairs]
    space = [(item.name, item.label_ids) for item in dataset.label_space.classes]
    return hashlib.sha256(json.dumps([tile_px, space, files]).encode()).hexdigest()[:32]


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
