"""Pictures and their label maps, read from folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

_SUFFIXES = ('.png', '.webp', '.jpg', '.jpeg')


@dataclass(frozen=True)
class Sample:
    """One labelled picture.

    Args:
        name: The file's stem.
        image: RGB, ``(H, W, 3)`` uint8.
        target: Train ids, ``(H, W)`` uint8, 255 where unlabelled.
    """

    name: str
    image: NDArray[np.uint8]
    target: NDArray[np.uint8]


class PairedFolders:
    """A folder of pictures and a folder of label maps, paired by the stem of the file name.

    Args:
        images: Folder of pictures.
        labels: Folder of 8-bit, one-channel label maps in the label ids of ``label_space``.
        label_space: Maps those ids to train ids.

    Raises:
        FileNotFoundError: A folder does not exist.
        ValueError: A folder is empty, or a picture has no label map.
    """

    def __init__(self, images: Path, labels: Path, label_space: LabelSpace) -> None:
        self.label_space = label_space
        image_paths, label_paths = _by_stem(images), _by_stem(labels)
        unpaired = sorted(image_paths.keys() - label_paths.keys())
        if unpaired:
            raise ValueError(
                f'{len(unpaired)} of {len(image_paths)} pictures in {images} have no label map of the same name in '
                f'{labels}, the first of them {unpaired[0]}'
            )
        self._pairs = [(image_paths[stem], label_paths[stem]) for stem in sorted(image_paths)]

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Sample:
        """Read one pair.

        Raises:
            ValueError: A file is unreadable, or the two differ in size.
        """
        image_path, label_path = self._pairs[index]
        # As the robot's decoder: a turned picture would not lie under its labels.
        bgr = _read(image_path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        label_ids = _read(label_path, cv2.IMREAD_UNCHANGED)
        if label_ids.ndim != 2 or label_ids.dtype != np.uint8 or label_ids.shape != bgr.shape[:2]:
            raise ValueError(
                f'label map {label_path} is {label_ids.dtype} of shape {label_ids.shape}; '
                f'accepted is uint8 of shape {bgr.shape[:2]}, as its picture'
            )
        image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        return Sample(image_path.stem, image, self.label_space.to_train_ids(label_ids))

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    @property
    def names(self) -> list[str]:
        """List the stems in order."""
        return [image_path.stem for image_path, _ in self._pairs]

    def select(self, names: set[str]) -> None:
        """Keep only the pictures of these stems."""
        self._pairs = [pair for pair in self._pairs if pair[0].stem in names]


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"folder {folder} does not exist; give the data set's root folder")
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES]
    found = {path.stem: path for path in paths}
    if len(found) < len(paths):
        twice = next(path for path in paths if found[path.stem] != path)
        raise ValueError(f'{twice} and {found[twice.stem]} have one name; keep one of them')
    if not found:
        raise ValueError(f'folder {folder} holds no pictures; accepted are {", ".join(_SUFFIXES)}')
    return found


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise ValueError(f'picture {path} cannot be read; it is damaged or of an unknown format')
    return np.asarray(picture)
