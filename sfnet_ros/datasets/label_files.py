"""Read label maps as data sets store them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# One byte a pixel, to Pillow: grey, or an index into a palette, which OpenCV would turn into colours.
_BYTE_MODES = ('L', 'P')


def read_label_ids(path: Path) -> NDArray[np.uint8]:
    """Read a picture of one byte a pixel, ``(H, W)``: grey values, or a palette's indices.

    Raises:
        ValueError: The file is damaged, or holds another kind of picture.
    """
    return _read(path, _BYTE_MODES, 'one byte a pixel that is the label id, grey or with a palette')


def read_label_colors(path: Path) -> NDArray[np.uint8]:
    """Read a picture whose colours stand for classes, ``(H, W, 3)`` RGB.

    Raises:
        ValueError: The file is damaged, or holds another kind of picture.
    """
    return _read(path, ('RGB',), 'colours (RGB)')


def _read(path: Path, modes: tuple[str, ...], accepted: str) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            if picture.mode not in modes:
                raise ValueError(f'label map {path} is a picture of mode {picture.mode}; accepted is {accepted}')
            return np.array(picture, np.uint8)
    # Pillow's PNG reader raises SyntaxError for a broken chunk.
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f'label map {path} cannot be read; it is gone, damaged or of an unknown format') from error
