"""The confusion matrix and the scores read off it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.evaluation.pairs import count_pairs
from sfnet_ros.labels import LabelSpace


class ConfusionMatrix:
    """Count pixels by true class (rows) and predicted class (columns) over a whole set.

    A pixel whose truth is 255 is not scored. A pixel predicted 255 (filtered by the node) is a miss of its true class.

    Source: mIoU as in section 4.1: mean over classes of intersection / union over the whole set.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        # The last column holds predictions of no class.
        self._counts: NDArray[np.int64] = np.zeros((num_classes, num_classes + 1), np.int64)

    def update(self, label_map: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
        """Count one picture, or a batch of them.

        Args:
            label_map: Predicted train ids, any shape.
            target: True train ids of the same shape, 255 where unscored.

        Raises:
            ValueError: The shapes differ, or an id is neither a class nor 255.
        """
        if label_map.shape != target.shape:
            raise ValueError(f'label map is {label_map.shape} and target {target.shape}; accepted are equal shapes')
        pairs = count_pairs(target, label_map)
        scored = pairs[: LabelSpace.ignore_index]
        highest = max(np.flatnonzero(counts).max(initial=0) for counts in (scored.sum(1), scored.sum(0)[:-1]))
        if highest >= self.num_classes:
            raise ValueError(
                f'train ids go up to {highest}; accepted are 0 to {self.num_classes - 1} and {LabelSpace.ignore_index}'
            )
        self._counts[:, :-1] += scored[: self.num_classes, : self.num_classes]
        self._counts[:, -1] += scored[: self.num_classes, LabelSpace.ignore_index]

    def merge(self, other: ConfusionMatrix) -> None:
        """Add the counts of another matrix over the same classes."""
        if other.num_classes != self.num_classes:
            raise ValueError(f'a matrix of {other.num_classes} classes cannot join one of {self.num_classes}')
        self._counts += other._counts

    @classmethod
    def merged(cls, parts: Sequence[ConfusionMatrix]) -> ConfusionMatrix:
        """Add up matrices over the same classes, one or more; as they are whole numbers, the order does not matter."""
        total = cls(parts[0].num_classes)
        for part in parts:
            total.merge(part)
        return total

    @property
    def matrix(self) -> NDArray[np.int64]:
        """Counts ``(K, K)``: true class by predicted class."""
        return self._counts[:, : self.num_classes].copy()

    @property
    def iou_per_class(self) -> NDArray[np.float64]:
        """Intersection over union of each class, ``(K,)``, 0 to 1; NaN where neither truth nor prediction has it."""
        intersection = np.diagonal(self._counts).astype(np.float64)
        union = self._counts.sum(axis=1) + self._counts[:, : self.num_classes].sum(axis=0) - intersection
        iou = np.full(self.num_classes, np.nan)
        np.divide(intersection, union, out=iou, where=union > 0)
        return iou

    @property
    def miou(self) -> float:
        """Mean of ``iou_per_class`` over the classes that occur, 0 to 1; NaN before any pixel was scored."""
        iou = self.iou_per_class
        return float(np.nanmean(iou)) if np.isfinite(iou).any() else float('nan')

    @property
    def pixel_accuracy(self) -> float:
        """Share of the scored pixels that are right, 0 to 1; NaN before any pixel was scored."""
        total = int(self._counts.sum())
        return float(np.trace(self._counts)) / total if total else float('nan')
