"""Whether a confidence is to be believed: how often the labels of each confidence are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.evaluation.pairs import count_bytes
from sfnet_ros.labels import LabelSpace

BINS = 15

_WRONG, _RIGHT, _UNSCORED = range(3)


@dataclass(frozen=True)
class ReliabilityBin:
    """Hold the pixels whose confidence lies in one interval.

    Args:
        lower: Where the interval begins, 0 to 1; the next one begins where it ends.
        pixels: How many of them are scored.
        confidence: Their mean confidence, 0 to 1; NaN where there are none.
        accuracy: Share of them that is right, likewise.
    """

    lower: float
    pixels: int
    confidence: float
    accuracy: float


class Calibration:
    """Count right and wrong pixels by their confidence over a whole set.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017: the expected calibration error is the
    mean distance of confidence and accuracy over bins of equal width, weighted by their pixels. They take 15 bins.
    """

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros((256, 3), np.int64)

    def update(
        self, label_map: NDArray[np.uint8], confidence: NDArray[np.uint8], target: NDArray[np.uint8] | None
    ) -> None:
        """Count one picture.

        Args:
            label_map: Predicted train ids, ``(H, W)``.
            confidence: 255 times the probability of that label, ``(H, W)``.
            target: True train ids, ``(H, W)``, 255 where unscored; None where the truth is not known.

        Raises:
            ValueError: The shapes differ.
        """
        everywhere = count_bytes(confidence)
        if target is None:
            self._counts[:, _UNSCORED] += everywhere
            return
        if not label_map.shape == confidence.shape == target.shape:
            raise ValueError(
                f'label map is {label_map.shape}, confidence {confidence.shape} and target {target.shape}; '
                'accepted are equal shapes'
            )
        is_scored = target != LabelSpace.ignore_index
        scored, right = count_bytes(confidence, is_scored), count_bytes(confidence, is_scored & (label_map == target))
        self._counts += np.stack([scored - right, right, everywhere - scored], axis=1)

    def merge(self, other: Calibration) -> None:
        """Add what another has counted."""
        self._counts += other._counts

    @property
    def histogram(self) -> NDArray[np.int64]:
        """Pixels by confidence, ``(256,)``, unscored ones as well."""
        return np.asarray(self._counts.sum(axis=1), np.int64)

    @property
    def mean_confidence(self) -> float:
        """Mean over all pixels, unscored ones as well, 0 to 1; NaN before any was counted."""
        histogram = self.histogram
        return _mean(float(histogram @ np.arange(256)) / 255, int(histogram.sum()))

    def reliability(self, bins: int = BINS) -> list[ReliabilityBin]:
        """Sum up the scored pixels in intervals of equal width."""
        confidence = np.arange(256) / 255
        home = np.minimum((confidence * bins).astype(int), bins - 1)
        scored = self._counts[:, _WRONG] + self._counts[:, _RIGHT]
        columns = [np.bincount(home, column, bins) for column in (scored, scored * confidence, self._counts[:, _RIGHT])]
        return [
            ReliabilityBin(index / bins, int(pixels), _mean(total, pixels), _mean(right, pixels))
            for index, (pixels, total, right) in enumerate(zip(*columns, strict=True))
        ]

    @property
    def ece(self) -> float:
        """Expected calibration error, 0 (as right as confident) to 1; NaN before any pixel was scored."""
        filled = [part for part in self.reliability() if part.pixels]
        total = sum(part.pixels for part in filled)
        return _mean(sum(part.pixels * abs(part.accuracy - part.confidence) for part in filled), total)


def _mean(total: float, count: float) -> float:
    return float(total / count) if count else float('nan')
