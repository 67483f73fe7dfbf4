"""How well the boundaries between classes are met."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

# Of the picture's diagonal.
TOLERANCE = 0.0075


class BoundaryScore:
    """Count, by class, boundary pixels that have one of the other map's near, over a whole set.

    A pixel is on the boundary of its class where a neighbour above, below or beside it is of another class; where the
    truth of either of them is 255 there is no boundary. Two boundary pixels of a class meet where they are at most
    0.75 % of the picture's diagonal apart, across and down. Precision is the share of predicted boundary pixels that
    meet the truth, recall that of true ones that meet the prediction, and F their harmonic mean.

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
        near = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
        scored = target != LabelSpace.ignore_index
        predicted, true = (_boundary(classes, scored) for classes in (label_map, target))
        for class_id, counts in enumerate(self._counts.T):
            of_class = [(boundary == class_id).view(np.uint8) for boundary in (predicted, true)]
            pixels = [cv2.countNonZero(mask) for mask in of_class]
            if any(pixels):
                met = [
                    cv2.countNonZero(cv2.bitwise_and(mask, cv2.dilate(other, near)))
                    for mask, other in (of_class, reversed(of_class))
                ]
                counts += [pixels[0], met[0], pixels[1], met[1]]

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


def _boundary(label_map: NDArray[np.uint8], scored: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Keep the classes of boundary pixels; all others become 255."""
    on_boundary = np.zeros(label_map.shape, bool)
    for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differs = (label_map[ahead] != label_map[behind]) & scored[ahead] & scored[behind]
        on_boundary[ahead] |= differs
        on_boundary[behind] |= differs
    return np.where(on_boundary, label_map, np.uint8(LabelSpace.ignore_index))
