"""Random changes of a training picture's colours."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.training.sections import AugmentConfig

_LEVELS = np.arange(256) / 255.0

Bytes = NDArray[np.uint8]


class RandomColors:
    """Change gamma, brightness, contrast, saturation and hue, take colour away, and blur, each by chance.

    Args:
        config: Strengths and probabilities; what is 0 is left out.
    """

    def __init__(self, config: AugmentConfig) -> None:
        self._config = config
        self._log_gamma = math.log1p(config.gamma)

    def __call__(self, image: Bytes, generator: np.random.Generator) -> Bytes:
        """Give a changed copy of an RGB picture ``(H, W, 3)``."""
        config = self._config
        gamma = math.exp(generator.uniform(-self._log_gamma, self._log_gamma))
        brightness, contrast, saturation = (
            generator.uniform(max(0.0, 1.0 - strength), 1.0 + strength)
            for strength in (config.brightness, config.contrast, config.saturation)
        )
        image = _look_up(image, brightness * _LEVELS**gamma)
        if config.contrast:
            mean = float(cv2.mean(_gray(image))[0]) / 255.0
            image = _look_up(image, mean + contrast * (_LEVELS - mean))
        if config.saturation:
            image = _blend(image, saturation)
        if generator.random() < config.hue_probability:
            image = _turn_hue(image, generator.uniform(-config.hue, config.hue))
        if generator.random() < config.grayscale_probability:
            image = _blend(image, 0.0)
        if generator.random() < config.blur_probability:
            image = np.asarray(cv2.GaussianBlur(image, (5, 5), generator.uniform(0.3, 1.5)), np.uint8)
        return image


def _look_up(image: Bytes, levels: NDArray[np.float64]) -> Bytes:
    table = np.rint(255.0 * levels.clip(0.0, 1.0)).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def _gray(image: Bytes) -> Bytes:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _blend(image: Bytes, saturation: float) -> Bytes:
    """Move colours away from gray: 0 is gray, 1 the picture as it is."""
    gray = cv2.cvtColor(_gray(image), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(image, saturation, gray, 1.0 - saturation, 0.0), np.uint8)


def _turn_hue(image: Bytes, share: float) -> Bytes:
    """Turn all hues by a share of the colour circle, which is 256 steps in 8 bits."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(round(share * 256) % 256)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL), np.uint8)
