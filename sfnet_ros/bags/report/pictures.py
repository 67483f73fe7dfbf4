"""The pictures of a page."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.album import Keepsake
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pages import Markup, figure, png_figure
from sfnet_ros.pictures import colorize, error_map, overlay

_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]


def frame_pictures(kept: Keepsake, label_space: LabelSpace) -> list[Markup]:
    """Show a frame beside its ground truth, the labels and their errors; without ground truth beside an overlay."""
    label_map, target = kept.labels(), kept.truth()
    frame = figure('frame', 'image/jpeg', kept.frame)
    prediction = png_figure('prediction', colorize(label_map, label_space))
    if target is None:
        jpeg = cv2.imencode('.jpg', _bgr(overlay(kept.rgb(), label_map, label_space)), _JPEG)[1].tobytes()
        return [frame, prediction, figure('overlay', 'image/jpeg', jpeg)]
    truth = png_figure('truth', colorize(target, label_space))
    return [frame, truth, prediction, png_figure('error', error_map(label_map, target))]


def _bgr(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)
