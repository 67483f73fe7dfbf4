"""How far two ways of running one network give the same labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class LabelAgreement:
    """Count pixels on which two label maps agree, over a whole set."""

    def __init__(self) -> None:
        self._equal = 0
        self._total = 0

    def update(self, label_map: NDArray[np.uint8], reference: NDArray[np.uint8]) -> None:
        """Count one pair of label maps of the same shape."""
        if label_map.shape != reference.shape:
            raise ValueError(f'label maps are {label_map.shape} and {reference.shape}; accepted are equal shapes')
        self._equal += int(np.count_nonzero(label_map == reference))
        self._total += label_map.size

    @property
    def share(self) -> float:
        """Share of equal labels, 0 to 1; NaN before any pixel was counted."""
        return self._equal / self._total if self._total else float('nan')
