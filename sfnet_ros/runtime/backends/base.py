"""The contract of all backends."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Backend(Protocol):
    """Run a `DeployModel`'s graph somewhere; all backends agree on the label maps."""

    @property
    def name(self) -> str:
        """Which backend it is: torch, ..."""

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda, cuda:1, ..."""

    @property
    def precision(self) -> str:
        """What the convolutions are computed in: float32, bfloat16, float16, ..."""

    def infer(
        self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Segment pictures ``(N, H, W, 3)``: label maps and confidences, both ``(N, *output_hw)``.

        Raises:
            ValueError: ``pixels`` are of another type or shape.
        """
