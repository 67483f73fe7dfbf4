"""The contract of all backends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Details:
    """Hold all that a network found.

    Args:
        label_maps: ``(N, *output_hw)``.
        confidences: Likewise.
        probabilities: Of every class, ``(N, *output_hw, K)``.
        flows: Of the finest level, x before y, ``(N, h, w, 2)``.
    """

    label_maps: NDArray[np.uint8]
    confidences: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    flows: NDArray[np.float32]


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

    def infer_details(self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> Details:
        """Segment pictures as `infer` does, to the same label maps, and give all that is known besides.

        Raises:
            ValueError: ``pixels`` are of another type or shape.
        """

    def grid_logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network alone: logits ``(N, K, h, w)`` on its own grid, before they become labels.

        Raises:
            ValueError: ``pixels`` are of another type or shape.
        """

    def close(self) -> None:
        """Free the memory, the device's too; nothing is inferred from here on."""
