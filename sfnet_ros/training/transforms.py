"""Augmentation of training pictures: where a crop is cut, and what becomes of its colours in ``colors``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.colors import RandomColors
from sfnet_ros.training.sections import AugmentConfig

# Outside of the picture: the mean colour, so that padding reads as nothing after normalisation.
_PAD_RGB = (124, 116, 104)

Bytes = NDArray[np.uint8]


class Augmentation:
    """Turn one picture and its truth into what the network trains on.

    Args:
        config: Kinds and strengths of the changes.
        rare_classes: Train ids that crops may be centred on.
    """

    def __init__(self, config: AugmentConfig, rare_classes: Sequence[int]) -> None:
        self._config = config
        self._is_rare = np.isin(np.arange(256), rare_classes)
        self._colors = RandomColors(config)

    def __call__(
        self,
        image: Bytes,
        target: Bytes,
        generator: np.random.Generator,
        center: tuple[int, int] | None = None,
        zoom: float = 1.0,
    ) -> tuple[Bytes, Bytes]:
        """Augment.

        Args:
            image: RGB, ``(H, W, 3)``.
            target: Train ids, ``(H, W)``, 255 where unlabelled.
            generator: Of all that is random.
            center: Row and column of the picture that the crop is taken around; None: drawn.
            zoom: Everything is seen this much larger, the crop included.

        Returns:
            Both at the crop's size.
        """
        image, target = self._scale_crop(image, target, generator, center, zoom)
        if generator.random() < self._config.flip_probability:
            image, target = image[:, ::-1], target[:, ::-1]
        return np.ascontiguousarray(self._colors(image, generator)), np.ascontiguousarray(target)

    def _scale_crop(
        self, image: Bytes, target: Bytes, generator: np.random.Generator, center: tuple[int, int] | None, zoom: float
    ) -> tuple[Bytes, Bytes]:
        """Cut a random window and resize it to the crop's size: scaling, padding and cropping in one step."""
        # Multiples of 32 keep all levels of the network whole.
        crop_h, crop_w = (max(32, round(size * zoom / 32) * 32) for size in self._config.crop_hw)
        low, high = (math.log(scale * zoom) for scale in self._config.scale_range)
        scale = math.exp(generator.uniform(low, high))
        height, width = (max(1, round(size / scale)) for size in (crop_h, crop_w))
        if center is None:
            top, left = self._corner(target, height, width, generator)
        else:
            top, left = center[0] - height // 2, center[1] - width // 2
        image = _window(image, top, left, height, width, _PAD_RGB)
        target = _window(target, top, left, height, width, (LabelSpace.ignore_index,))
        # Averaging over areas keeps what shrinks from aliasing.
        shrinks = height * width > crop_h * crop_w
        averaged = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return _resized(image, crop_h, crop_w, averaged), _resized(target, crop_h, crop_w, cv2.INTER_NEAREST_EXACT)

    def _corner(self, target: Bytes, height: int, width: int, generator: np.random.Generator) -> tuple[int, int]:
        if generator.random() < self._config.rare_class_probability:
            pixels = np.flatnonzero(self._is_rare[target])
            if len(pixels):
                row, column = divmod(int(generator.choice(pixels)), target.shape[1])
                # The rare pixel lies anywhere in the middle half of the window.
                above, before = generator.uniform(0.25, 0.75, 2)
                return row - round(height * above), column - round(width * before)
        slack_h, slack_w = target.shape[0] - height, target.shape[1] - width
        return round(generator.random() * slack_h), round(generator.random() * slack_w)


def _window(picture: Bytes, top: int, left: int, height: int, width: int, fill: Sequence[int]) -> Bytes:
    """Cut a window that may hang over the picture's edges."""
    below, right = top + height - picture.shape[0], left + width - picture.shape[1]
    inside = picture[max(0, top) : top + height, max(0, left) : left + width]
    over = (max(0, -top), max(0, below), max(0, -left), max(0, right))
    if not any(over):
        return inside
    return np.asarray(cv2.copyMakeBorder(inside, *over, borderType=cv2.BORDER_CONSTANT, value=fill), np.uint8)


def _resized(picture: Bytes, height: int, width: int, interpolation: int) -> Bytes:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)
