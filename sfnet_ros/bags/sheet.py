"""Put some frames of a recording on one sheet: frame, truth, prediction and error beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.scores import LabelledFrame
from sfnet_ros.files import atomic_path
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import beside, colorize, contact_sheet, error_map, legend, overlay, resize_labels

SHEET_ROWS = 5

_LARGEST_WIDTH_PX = 480


def write_sheet(path: Path, frames: Sequence[LabelledFrame], label_space: LabelSpace) -> None:
    """Write frames with their label maps, and with their ground truth where all have one, as one PNG.

    Args:
        path: Ends in .png.
        frames: At least one, all with a label map.
        label_space: Gives the colours and the legend.

    Raises:
        OSError: It cannot be written.
    """
    has_truth = all(frame.target is not None for frame in frames)
    titles = ['frame', 'truth', 'prediction', 'error'] if has_truth else ['frame', 'prediction', 'overlay']
    height, width = frames[0].rgb.shape[:2]
    scale = min(1.0, _LARGEST_WIDTH_PX / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    rows = [[_resize(picture, size) for picture in _row(frame, label_space, has_truth)] for frame in frames]
    sheet = beside(contact_sheet(rows, titles), legend(label_space))
    with atomic_path(path) as temporary:
        if not cv2.imwrite(str(temporary), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
            raise OSError(f'{path} cannot be written')


def _row(frame: LabelledFrame, label_space: LabelSpace, has_truth: bool) -> list[NDArray[np.uint8]]:
    prediction = colorize(frame.label_map, label_space)
    if not has_truth:
        label_map = resize_labels(frame.label_map, frame.rgb.shape[:2])
        return [frame.rgb, prediction, overlay(frame.rgb, label_map, label_space)]
    assert frame.target is not None
    return [frame.rgb, colorize(frame.target, label_space), prediction, error_map(frame.label_map, frame.target)]


def _resize(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
