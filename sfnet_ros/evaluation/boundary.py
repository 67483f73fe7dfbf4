"""How well the boundaries between classes are met."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

# Of the picture's diagonal.
TOLERANCE = 0.0075

# Classes that are looked at together.
_GROUP = 16


class BoundaryScore:
    """Count, by class, boundary pixels that have one of the other map's near, over a whole set.

    A pixel is on the boundary of its class where a neighbour above, below or beside it is of another class; where the
    truth of either of them is 255 there is no boundary. Two boundary pixels of a class meet where they are at most
    0.75 % of the picture's diagonal apart, rounded up to whole pixels, across and down. Precision is the share of
    predicted boundary pixels that meet the truth, recall that of true ones that meet the prediction, and F their
    harmonic mean.

    Source: G. Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013; they take the
    mean over pictures, and this is over the whole set, as mIoU is.
    """

    def __init__(self, num_classes: int) -> None:
        # By class: predicted, of them met; true, of them met.
        self._counts: NDArray[np.int64] = np.zeros((4, num_classes), np.int64)

    def update(self, label_map: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
        """Count one picture.

        Args:
            label_map: Predicted train ids, ``(H, W)``.
            target: True train ids, ``(H, W)``, 255 where unscored.

        Raises:
            ValueError: The shapes differ.
        """
        if label_map.shape != target.shape:
            raise ValueError(f'label map is {label_map.shape} and target {target.shape}; accepted are equal shapes')
        radius = math.ceil(TOLERANCE * math.hypot(*target.shape))
        scored = target != LabelSpace.ignore_index
        predicted, true = (_Boundary.of(classes, scored) for classes in (label_map, target))
        num_classes = self._counts.shape[1]
        met, true_met = predicted.near(true, radius, num_classes), true.near(predicted, radius, num_classes)
        for row, classes in zip(self._counts, (predicted.ids, met, true.ids, true_met), strict=True):
            row += np.bincount(classes, minlength=num_classes)[:num_classes]

    def merge(self, other: BoundaryScore) -> None:
        """Add what another has counted over the same classes."""
        if other._counts.shape != self._counts.shape:
            raise ValueError('boundaries are counted over the same classes, or cannot be added')
        self._counts += other._counts

    @property
    def f_per_class(self) -> NDArray[np.float64]:
        """F of each class, ``(K,)``, 0 to 1; NaN where neither truth nor prediction has a boundary of it."""
        predicted, predicted_met, true, true_met = self._counts.astype(np.float64)
        precision, recall = predicted_met / np.maximum(predicted, 1), true_met / np.maximum(true, 1)
        f_score = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
        return np.where(predicted + true > 0, f_score, np.nan)

    @property
    def f_score(self) -> float:
        """Mean of ``f_per_class`` over the classes that occur; NaN before there was any boundary."""
        f_per_class = self.f_per_class
        return float(np.nanmean(f_per_class)) if np.isfinite(f_per_class).any() else float('nan')


@dataclass(frozen=True)
class _Boundary:
    """Hold the boundary pixels of a label map, which are few.

    Args:
        ids: Their classes, ``(B,)``.
        places: Where they are in the map, row by row, likewise.
        shape: Of the map.
    """

    ids: NDArray[np.uint8]
    places: NDArray[np.intp]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, label_map: NDArray[np.uint8], scored: NDArray[np.bool_]) -> _Boundary:
        """Find the boundaries of a map ``(H, W)``."""
        on_boundary = np.zeros(label_map.shape, bool)
        for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
            differs = label_map[ahead] != label_map[behind]
            differs &= scored[ahead]
            differs &= scored[behind]
            on_boundary[ahead] |= differs
            on_boundary[behind] |= differs
        places = np.flatnonzero(on_boundary)
        ids = label_map.reshape(-1)[places]
        is_class = ids != LabelSpace.ignore_index
        return cls(ids[is_class], places[is_class], label_map.shape)

    def near(self, other: _Boundary, radius: int, num_classes: int) -> NDArray[np.uint8]:
        """Give the classes of the pixels that have one of the other's of the same class within a radius."""
        met = np.zeros(len(self.ids), bool)
        # A bit for each class, so that all classes of a group are spread as one.
        for first in range(0, num_classes, _GROUP):
            bit = np.zeros(256, np.uint16)
            bit[first : first + _GROUP] = 1 << np.arange(_GROUP)
            bits = np.zeros(self.shape, np.uint16)
            bits.reshape(-1)[other.places] = bit[other.ids]
            met |= (_spread(bits, radius).reshape(-1)[self.places] & bit[self.ids]) != 0
        return self.ids[met]


def _spread(bits: NDArray[np.uint16], radius: int) -> NDArray[np.uint16]:
    """Give each pixel the bits of all that are at most ``radius`` away, across and down."""
    spread = cv2.copyMakeBorder(bits, radius, radius, radius, radius, cv2.BORDER_CONSTANT)
    reached = 1
    while reached < 2 * radius + 1:
        # What has the bits of so many pixels has those of twice as many, together with its like beside it.
        step = min(reached, 2 * radius + 1 - reached)
        spread = cv2.bitwise_or(spread[step:], spread[:-step])
        spread = cv2.bitwise_or(spread[:, step:], spread[:, :-step])
        reached += step
    return np.asarray(spread, np.uint16)
