from __future__ import annotations

import cv2
import numpy as np
import pytest


@pytest.fixture
def write_pair():
    """Write a picture and its label map, both one value all over."""

    def write(images, labels, name, label=3, size=(4, 6), suffix='.png'):
        for folder in (images, labels):
            folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(images / f'{name}{suffix}'), np.full((*size, 3), (10, 20, 30), np.uint8))
        cv2.imwrite(str(labels / f'{name}.png'), np.full(size, label, np.uint8))

    return write
