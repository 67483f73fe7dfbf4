"""Which pixels get no label: unsure ones, those of classes that nobody wants, and the robot's own body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.keys import nearest
from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.parameter_fields import names_in
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

if TYPE_CHECKING:
    from sfnet_ros.runtime import Segmentation

# A mask whose aspect is further from its frames', by rounding or by a cut edge, is likely to be another camera's.
_MOST_STRETCH = 1.05

# All bits set: a label or it is itself, and no bit of a confidence remains.
_HIDDEN = LabelSpace.ignore_index

_MAX_MASK_BYTES = 2**26


class LabelFilter:
    """Take the labels from pixels of one camera.

    Args:
        label_space: What the train ids mean.
        ignore_mask: Not 0 where the camera sees the robot itself, ``(H, W)`` of any size; None where it does not.
    """

    def __init__(self, label_space: LabelSpace, ignore_mask: NDArray[np.uint8] | None) -> None:
        self._label_space = label_space
        self._ignore_mask = None if ignore_mask is None else np.where(ignore_mask, _HIDDEN, 0).astype(np.uint8)
        self._fitted_mask = self._ignore_mask

    def apply(self, segmentation: Segmentation, parameters: NodeParameters) -> Segmentation:
        """Set filtered pixels to label 255 and confidence 0; without any filter, the same segmentation is returned."""
        label_map, confidence = segmentation.label_map, segmentation.confidence
        # A whole number is less than the product where it is less than the next whole number from there.
        unsure = range(math.ceil(255 * parameters.confidence_threshold))
        names = names_in(parameters.filter_classes)
        # Names that are another model's are passed over: while that one loads, they are set already.
        unwanted = [train_id for train_id, name in enumerate(self._label_space.names) if name in names]
        masks = [_mask_of(confidence, unsure), _mask_of(label_map, unwanted), self._own_body(label_map.shape)]
        hidden = [mask for mask in masks if mask is not None]
        if not hidden:
            return segmentation
        for mask in hidden:
            label_map, confidence = label_map | mask, confidence & ~mask
        return replace(segmentation, label_map=label_map, confidence=confidence)

    def _own_body(self, label_hw: tuple[int, ...]) -> NDArray[np.uint8] | None:
        """Fit the mask to the labels' size, once for all frames of that size."""
        if self._ignore_mask is None or self._fitted_mask is None:
            return None
        if self._fitted_mask.shape != label_hw:
            resized = cv2.resize(self._ignore_mask, label_hw[::-1], interpolation=cv2.INTER_NEAREST)
            self._fitted_mask = np.asarray(resized, np.uint8)
        return self._fitted_mask


def _mask_of(values: NDArray[np.uint8], hidden: Sequence[int]) -> NDArray[np.uint8] | None:
    """Say which pixels have one of some values; None where there are no values."""
    if not hidden:
        return None
    table = np.zeros(256, np.uint8)
    table[list(hidden)] = _HIDDEN
    return np.asarray(cv2.LUT(values, table), np.uint8)


def check_filter_classes(label_space: LabelSpace, parameters: NodeParameters) -> None:
    """Refuse names of classes that the model does not know.

    Raises:
        ValueError: One sentence with the name and its nearest known neighbour.
    """
    for name in names_in(parameters.filter_classes):
        if name not in label_space.names:
            raise ValueError(
                f'parameter filter_classes names {name!r}, which is no class of {label_space.name}; '
                f'{nearest(name, label_space.names)}'
            )


def load_ignore_mask(path: str, camera: str) -> NDArray[np.uint8]:
    """Read the picture of a robot's own body: not 0 where the picture is not black, ``(H, W)``.

    Args:
        path: Of a PNG; ``{camera}`` stands for the camera's name.
        camera: Name of the camera; empty for the one without a name.

    Raises:
        ValueError: There is none, or it is no PNG that can be used.
    """
    file = Path(path.replace('{camera}', camera))
    try:
        if file.stat().st_size > _MAX_MASK_BYTES:
            raise ImageFormatError(f'it has more than {_MAX_MASK_BYTES} bytes')
        data = file.read_bytes()
        if not data.startswith(b'\x89PNG'):
            raise ImageFormatError('it is no PNG')
        rgb = to_rgb(SimpleNamespace(format='png', data=data))
    except OSError as error:
        raise ValueError(f'parameter ignore_mask: {file} cannot be read ({error.strerror})') from error
    except (ImageFormatError, cv2.error) as error:
        raise ValueError(f'parameter ignore_mask takes a PNG, and {file} cannot be used: {error}') from error
    return np.asarray(rgb.max(axis=2), np.uint8)


def describe_misfit(ignore_mask: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> str | None:
    """Say in a sentence that a mask is of another aspect than a frame; None where it is not."""
    (mask_height, mask_width), (height, width) = ignore_mask.shape[:2], rgb.shape[:2]
    stretch = (mask_height * width) / (mask_width * height)
    if 1 / _MOST_STRETCH <= stretch <= _MOST_STRETCH:
        return None
    return f'the ignore_mask of {mask_height} x {mask_width} px is stretched to frames of {height} x {width} px'
