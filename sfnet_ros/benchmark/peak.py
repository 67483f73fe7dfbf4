"""What this machine can compute at best, which a network's speed is held against."""

from __future__ import annotations

import statistics
import time
from math import prod

import torch

# Rows, inner side and columns: squares, and a convolution of 3x3 over 128 channels.
_SHAPES = ((512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (128, 1152, 16384))


class MatmulPeak:
    """Time products of float32 matrices, in turns among other measurements.

    Args:
        device: Where they are computed.
        threads: Of the CPU; 0 for as many as torch takes by itself.
    """

    def __init__(self, device: str, threads: int = 0) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._device = device
        self._factors = [
            (torch.rand((rows, inner), device=device), torch.rand((inner, columns), device=device))
            for rows, inner, columns in _SHAPES
        ]
        self._products = [torch.mm(*factors) for factors in self._factors]
        self._times_s: list[list[float]] = [[] for _ in _SHAPES]

    def measure(self) -> None:
        """Time one product of each shape, after an untimed one."""
        for (left, right), product, times_s in zip(self._factors, self._products, self._times_s, strict=True):
            torch.mm(left, right, out=product)
            self._synchronize()
            started = time.perf_counter()
            torch.mm(left, right, out=product)
            self._synchronize()
            times_s.append(time.perf_counter() - started)

    def gmacs(self) -> float:
        """Give billions of multiply-accumulates per second, at the best of the shapes' medians.

        Raises:
            ValueError: Nothing was measured.
        """
        if not self._times_s[0]:
            raise ValueError('nothing was measured; call measure first')
        speeds = [
            prod(shape) / statistics.median(times_s) for shape, times_s in zip(_SHAPES, self._times_s, strict=True)
        ]
        return max(speeds) / 1e9

    def _synchronize(self) -> None:
        if self._device != 'cpu':
            torch.cuda.synchronize(self._device)
