"""What a frame was found to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Timing:
    """Tell how long the parts of a segmentation took."""

    resize_ms: float
    infer_ms: float


@dataclass(frozen=True)
class Segmentation:
    """Hold what a frame was found to show, at the size that was asked for: by default the frame's.

    Args:
        label_map: Train ids, ``(H, W)``.
        confidence: 255 times the probability of that label, ``(H, W)``.
        timing: What it took; frames of one batch share it.
        probabilities: Of every class, ``(H, W, K)``, if details were asked for.
        flow: Semantic flow of the finest level on the network's own grid, x before y, ``(h, w, 2)``, likewise.
    """

    label_map: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    timing: Timing
    probabilities: NDArray[np.float32] | None = None
    flow: NDArray[np.float32] | None = None
