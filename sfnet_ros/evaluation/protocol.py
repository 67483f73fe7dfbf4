"""Ways to test a network: on the whole picture, in windows, at several scales, mirrored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from sfnet_ros.network.layers import resize_bilinear


@dataclass(frozen=True)
class Protocol:
    """Say how a picture is tested; the raw logits of all looks at it are averaged.

    Args:
        scales: Sizes at which the picture is seen, in relation to the network's own size for it.
        flip: Whether it is seen mirrored too.
        crop_hw: Size (height, width) of windows that slide over the scaled picture; None: the whole of it at once.
        overlap: Share of a window that the next one sees again, 0 to below 1.

    Raises:
        ValueError: A value out of its range.

    Source: section 4.1 and the details to table 8 (seven scales from 0.5 to 2 with flip); windows as in the released
    code (832, a third overlapping).
    """

    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    crop_hw: tuple[int, int] | None = None
    overlap: float = 1 / 3

    def __post_init__(self) -> None:
        if not self.scales or not all(0.1 <= scale <= 8 for scale in self.scales):
            raise ValueError(f'scales are {self.scales}; accepted are one or more from 0.1 to 8')
        if self.crop_hw is not None and min(self.crop_hw) < 32:
            raise ValueError(f'windows are {self.crop_hw[0]}x{self.crop_hw[1]}; accepted are sizes from 32x32 on')
        if not 0 <= self.overlap < 1:
            raise ValueError(f'windows overlap by {self.overlap}; accepted are shares from 0 to below 1')


def averaged_logits(
    grid_logits: Callable[[Tensor], Tensor],
    picture: Callable[[tuple[int, int]], Tensor],
    protocol: Protocol,
    network_hw: tuple[int, int],
    output_hw: tuple[int, int],
) -> Tensor:
    """Look at a picture in every way that a protocol says, and average.

    Args:
        grid_logits: Maps normalised pictures ``(N, 3, H, W)`` to logits ``(N, K, h, w)`` on the network's grid.
        picture: Gives the normalised picture ``(1, 3, H, W)`` at a size (height, width).
        protocol: What looks there are.
        network_hw: Size (height, width) of scale 1.
        output_hw: Size (height, width) of what comes out.

    Returns:
        Logits, ``(1, K, *output_hw)``.
    """
    total, looks = torch.zeros(()), 0
    for scale in protocol.scales:
        height, width = (max(32, round(side * scale)) for side in network_hw)
        for view, back in _views(picture((height, width)), protocol.flip):
            total = total + back(_seen(grid_logits, view, protocol, output_hw))
            looks += 1
    return total / looks


def _views(batch: Tensor, flip: bool) -> Iterator[tuple[Tensor, Callable[[Tensor], Tensor]]]:
    yield batch, lambda logits: logits
    if flip:
        yield batch.flip(-1), lambda logits: logits.flip(-1)


def _seen(
    grid_logits: Callable[[Tensor], Tensor], batch: Tensor, protocol: Protocol, output_hw: tuple[int, int]
) -> Tensor:
    if protocol.crop_hw is None:
        return resize_bilinear(grid_logits(batch), output_hw)
    return resize_bilinear(_slide(grid_logits, batch, protocol.crop_hw, protocol.overlap), output_hw)


def _slide(grid_logits: Callable[[Tensor], Tensor], batch: Tensor, crop_hw: tuple[int, int], overlap: float) -> Tensor:
    """Average the logits ``(N, K, H, W)`` of windows that cover a picture; none hangs over its edge."""
    height, width = batch.shape[-2:]
    window_hw = min(crop_hw[0], height), min(crop_hw[1], width)
    total, count = torch.zeros(()), batch.new_zeros(1, 1, height, width)
    for top in window_starts(height, window_hw[0], overlap):
        for left in window_starts(width, window_hw[1], overlap):
            window = (..., slice(top, top + window_hw[0]), slice(left, left + window_hw[1]))
            logits = resize_bilinear(grid_logits(batch[window]), window_hw)
            if not total.ndim:
                total = logits.new_zeros(*logits.shape[:2], height, width)
            total[window] += logits
            count[window] += 1
    return total / count


def window_starts(length: int, window: int, overlap: float) -> list[int]:
    """Give where windows begin on a side: at equal steps, but the last, which ends at the side's end.

    Args:
        length: Of the side in px.
        window: Of a window in px, at most ``length``.
        overlap: Share of a window that the next one sees again.

    Source: the released code.
    """
    # A third is no float: without rounding, two thirds of 480 would be 321.
    step = max(1, math.ceil(round(window * (1 - overlap), 6)))
    return [*range(0, length - window, step), length - window]
