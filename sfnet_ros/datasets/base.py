"""Labelled pictures, read pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.datasets.pairing import Pair
from sfnet_ros.labels import LabelSpace


@dataclass(frozen=True)
class Sample:
    """One labelled picture.

    Args:
        name: What the data set calls it.
        image: RGB, ``(H, W, 3)`` uint8.
        target: Train ids, ``(H, W)`` uint8, 255 where unlabelled.
    """

    name: str
    image: NDArray[np.uint8]
    target: NDArray[np.uint8]


class LabelledPictures:
    """Pictures and their label maps, read from disk when they are asked for.

    Args:
        pairs: Where they lie.
        label_space: The classes of the train ids.
        read_train_ids: Reads a label map's file as train ids, ``(H, W)`` uint8; ValueErrors
            say what is wrong with it.
        drive_of: Tells the drive or city from a picture's name; None: there are none.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        label_space: LabelSpace,
        read_train_ids: Callable[[Path], NDArray[np.uint8]],
        drive_of: Callable[[str], str] | None = None,
    ) -> None:
        self.label_space = label_space
        self._pairs = list(pairs)
        self._read_train_ids = read_train_ids
        self._drive_of = drive_of

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Sample:
        """Read one pair.

        Raises:
            ValueError: A file is unreadable, or the two differ in size.
        """
        pair = self._pairs[index]
        image, target = read_picture(pair.image), self.read_target(index)
        if target.shape != image.shape[:2]:
            raise ValueError(
                f'label map {pair.labels} is {target.shape[0]}x{target.shape[1]}, but its picture {pair.image} is '
                f'{image.shape[0]}x{image.shape[1]}; accepted are two of one size'
            )
        return Sample(pair.name, image, target)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def read_target(self, index: int) -> NDArray[np.uint8]:
        """Read the train ids of one pair, ``(H, W)`` uint8, without its picture.

        Raises:
            ValueError: The file is unreadable, or no label map.
        """
        return self._read_train_ids(self._pairs[index].labels)

    @property
    def pairs(self) -> list[Pair]:
        """List where the pictures and label maps lie, in order."""
        return list(self._pairs)

    @property
    def names(self) -> list[str]:
        """List the names in order."""
        return [pair.name for pair in self._pairs]

    @property
    def drives(self) -> list[str]:
        """List the drives or cities that the pictures are from; none where names tell none."""
        return [] if self._drive_of is None else sorted({self._drive_of(name) for name in self.names})

    def keep_drives(self, drives: Collection[str]) -> None:
        """Keep only the pictures of these drives."""
        assert self._drive_of is not None
        self._pairs = [pair for pair in self._pairs if self._drive_of(pair.name) in drives]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture, ``(H, W, 3)`` RGB, as its sensor wrote it: turned, it would not lie under its labels.

    Raises:
        ValueError: It cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError:
        content = b''
    bgr = None
    if content and not _is_torn_jpeg(content):
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if bgr is None:
        raise ValueError(f'picture {path} cannot be read; it is gone, damaged or of an unknown format')
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _is_torn_jpeg(content: bytes) -> bool:
    """Tell whether a JPEG's last scan has no end; the decoder would make up what is missing."""
    return content.startswith(b'\xff\xd8') and content.rfind(b'\xff\xd9') < content.rfind(b'\xff\xda')
