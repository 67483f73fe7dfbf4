"""What backends have in common that get logits on the network's grid from somewhere, and label them here."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sfnet_ros.runtime.backends.base import Details
from sfnet_ros.runtime.deploy import check_pixels
from sfnet_ros.runtime.labelling import TiledLabeller, interpolate_logits, label_whole


class GridBackend(ABC):
    """Label the logits that a subclass computes; it runs one batch at a time, whichever threads ask.

    Args:
        device: Where the subclass leaves its logits, and where they are labelled.
        precision: What the subclass computes convolutions in.
        temperature: Of the confidence, see `DeployModel`.
    """

    name: str

    def __init__(self, device: str, precision: str, temperature: float) -> None:
        self.device = device
        self.precision = precision
        self._temperature = temperature
        self._tiled = TiledLabeller(temperature)
        self._turn = threading.Lock()
        self._closed = False

    @abstractmethod
    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network on ``(N, H, W, 3)`` uint8, which lie on the CPU: see `DeployModel.grid_and_flow`."""

    @abstractmethod
    def _free(self) -> None:
        """Let go of the network and its memory."""

    def infer(
        self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Segment pictures, see `Backend.infer`."""
        with self._turn, torch.inference_mode():
            grid, _ = self._run(pixels)
            label_maps, confidences = self._label(grid, output_hw)
            return label_maps.cpu().numpy(), confidences.cpu().numpy()

    def infer_details(self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> Details:
        """Segment pictures and tell more of them, see `Backend.infer_details`."""
        with self._turn, torch.inference_mode():
            grid, flow = self._run(pixels)
            probabilities = interpolate_logits(grid, self._temperature, output_hw).softmax(dim=1)
            maps = (*self._label(grid, output_hw), _channels_last(probabilities), _channels_last(flow.float()))
            return Details(*(each.cpu().numpy() for each in maps))

    def grid_logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network alone, see `Backend.grid_logits`."""
        with self._turn, torch.inference_mode():
            return np.asarray(self._run(pixels)[0].float().cpu().numpy())

    def close(self) -> None:
        """Free the memory, see `Backend.close`."""
        with self._turn:
            if not self._closed:
                self._closed = True
                self._tiled = TiledLabeller()
                self._free()

    def _run(self, pixels: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        return self._grid_and_flow(self._checked(pixels))

    def _checked(self, pixels: NDArray[np.uint8]) -> Tensor:
        if self._closed:
            raise RuntimeError('the backend is closed')
        # torch wraps neither what runs backwards nor read-only memory; all else is shared, also rows with padding.
        if any(stride < 0 for stride in pixels.strides):
            pixels = np.ascontiguousarray(pixels)
        return check_pixels(torch.from_numpy(np.require(pixels, requirements='W')))

    def _label(self, grid: Tensor, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        if grid.device.type == 'cpu':
            return self._tiled(grid, output_hw)
        return label_whole(grid, self._temperature, output_hw)


def _channels_last(maps: Tensor) -> Tensor:
    """Turn ``(N, C, H, W)`` into ``(N, H, W, C)`` without gaps."""
    return maps.permute(0, 2, 3, 1).contiguous()
