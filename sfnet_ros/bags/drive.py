"""Drives as they lie on disk: frames in order, some of them with labels, some with the calibration of their camera."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.camera import Camera, read_camera
from sfnet_ros.datasets import open_dataset
from sfnet_ros.datasets.base import read_picture
from sfnet_ros.datasets.label_files import read_label_ids
from sfnet_ros.datasets.pairing import files_by_name
from sfnet_ros.labels import LabelSpace


@dataclass(frozen=True)
class Frame:
    """Hold one frame of a drive.

    Args:
        image: ``(H, W, 3)`` RGB.
        target: Ground truth, ``(H, W)`` train ids with 255 for unlabelled; None: it has none.
        camera: Calibration for pictures of this size; None: it is not known.
    """

    image: NDArray[np.uint8]
    target: NDArray[np.uint8] | None = None
    camera: Camera | None = None


@dataclass(frozen=True)
class FrameFiles:
    """Name the files of one frame: picture, label map and calibration."""

    image: Path
    labels: Path | None = None
    camera: Path | None = None


class Drive:
    """Read frames from disk when they are asked for, in order.

    Args:
        files: Where they lie.
        label_space: The classes of the label maps, whose pixels are label ids; None where there are none.
    """

    def __init__(self, files: Sequence[FrameFiles], label_space: LabelSpace | None) -> None:
        self.files = list(files)
        self._label_space = label_space
        self._camera = lru_cache(maxsize=16)(read_camera)

    @property
    def labelled(self) -> int:
        """Count the frames with labels."""
        return sum(frame.labels is not None for frame in self.files)

    @property
    def label_space(self) -> LabelSpace | None:
        """Give the classes of the labels; None for a drive without."""
        return self._label_space if self.labelled else None

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Frame]:
        """Read the frames.

        Raises:
            ValueError: A file is damaged, or the files of a frame do not belong together.
        """
        for files in self.files:
            image = read_picture(files.image)
            hw = image.shape[0], image.shape[1]
            target = None if files.labels is None else self._read_target(files.labels, files.image, hw)
            camera = None if files.camera is None else self._camera(files.camera).at(hw)
            yield Frame(image, target, camera)

    def with_camera(self, camera: Path) -> Drive:
        """Give the same drive with one calibration for all frames."""
        files = [FrameFiles(frame.image, frame.labels, camera) for frame in self.files]
        return Drive(files, self._label_space)

    def _read_target(self, labels: Path, image: Path, hw: tuple[int, int]) -> NDArray[np.uint8]:
        assert self._label_space is not None
        target = self._label_space.to_train_ids(read_label_ids(labels))
        if target.shape != hw:
            raise ValueError(
                f'label map {labels} is {target.shape[0]}x{target.shape[1]}, but its frame {image} is '
                f'{hw[0]}x{hw[1]}; accepted are two of one size'
            )
        return target


def camvid_drive(root: Path, split: str, drives: Collection[str]) -> Drive:
    """Open drives of CamVid, whose frames are all labelled.

    Raises:
        FileNotFoundError: The data set is not there.
        ValueError: No such split or drive.
    """
    label_space = LabelSpace.load('camvid')
    pairs = open_dataset('camvid', root, split, label_space, drives).pairs
    return Drive([FrameFiles(pair.image, pair.labels) for pair in pairs], label_space)


def folder_drive(frames: Path, labels: Path | None, label_space: LabelSpace | None) -> tuple[Drive, list[Path]]:
    """Open a folder of frames, in the order of their names (9 before 10), with the label maps of the same names.

    Returns:
        The drive, and the label maps that belong to no frame.

    Raises:
        FileNotFoundError: A folder does not exist.
        ValueError: It holds no frame, or no label map has the name of a frame.
    """
    images = files_by_name(frames, '*')
    maps = {} if labels is None else files_by_name(labels, '*')
    if labels is not None and not images.keys() & maps.keys():
        raise ValueError(
            f'no label map in {labels}, such as {next(iter(maps.values())).name}, has the name of a frame in {frames}, '
            f'such as {next(iter(images.values())).name}; a frame and its label map have one name'
        )
    files = [FrameFiles(images[name], maps.get(name)) for name in sorted(images, key=_by_number)]
    return Drive(files, label_space), [maps[name] for name in sorted(maps.keys() - images.keys())]


def _by_number(name: str) -> list[tuple[str, int]]:
    return [(text, int(digits or 0)) for text, digits in re.findall(r'(\D*)(\d*)', name)]
