"""From logits on the network's grid to a label and a confidence for each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Times the smallest difference of two logits, far more than 255 ranks; times the largest, still a float.
_OUTRANKED = 1e30
# Of one tile. Its planes, one for each class, stay within a core's caches, and are long enough to share among cores.
_TILE_PIXELS = 2**15


def label_whole(grid: Tensor, temperature: float, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Label all pixels at once: the form for graphs and GPUs.

    Args:
        grid: Logits, ``(N, K, h, w)`` of any precision.
        temperature: What they are divided by before the softmax of the confidence.
        output_hw: Size to which they are interpolated, once.

    Returns:
        The label map in train ids and the confidence, 255 times the probability of that class: both
        ``(N, *output_hw)`` uint8.
    """
    logits = interpolate_logits(grid, temperature, output_hw)
    return _decide(logits, _Buffers())


def interpolate_logits(grid: Tensor, temperature: float, output_hw: tuple[int, int]) -> Tensor:
    """Give logits ``(N, K, *output_hw)`` float32, divided by the temperature, see `label_whole`."""
    return functional.interpolate(_prepared(grid, temperature), size=output_hw, mode='bilinear', align_corners=True)


def _prepared(grid: Tensor, temperature: float) -> Tensor:
    # A grid in bfloat16 has eight bits, which would make neighbouring classes tie. On the coarse grid the temperature
    # costs next to nothing, and at 1 it changes no bit. With a plane for each class, what goes over the classes of a
    # pixel afterwards is vectorised, as it is not with channels last.
    return (grid.float() / temperature).contiguous()


@dataclass(frozen=True)
class _Buffers:
    """Hold where `_decide` writes, all or nothing of it: ``(K, H, W)`` and twice ``(H, W)``."""

    ranked: Tensor | None = None
    best: Tensor | None = None
    rank: Tensor | None = None


def _decide(logits: Tensor, buffers: _Buffers) -> tuple[Tensor, Tensor]:
    """Give label map and confidence of logits ``(..., K, H, W)``, which are overwritten."""
    count = logits.shape[-3]
    # In place, as these K planes are most of the memory: how far each class is below the best one, which is at 0.
    best = torch.amax(logits, dim=-3, out=buffers.best)
    below = logits.sub_(best.unsqueeze(-3))
    # The arg-max as a maximum, which the CPU finds several times as fast: of the classes at 0 the first has the highest
    # rank, and what is below 0 at all is so by more than any rank makes up for.
    ranks = torch.arange(count, 0, -1, dtype=below.dtype, device=below.device).view(count, 1, 1)
    ranked = torch.add(ranks, below, alpha=_OUTRANKED, out=buffers.ranked)
    label_map = count - torch.amax(ranked, dim=-3, out=buffers.rank)
    # The best class's softmax is 1 / sum(exp(logit - best)).
    probability = torch.sum(below.exp_(), dim=-3, out=buffers.best).reciprocal_()
    return label_map.to(torch.uint8), probability.mul_(255).round_().to(torch.uint8)


class TiledLabeller:
    """Label pixels tile by tile on the CPU, so that K planes of the output's size are never written.

    It keeps the memory of its tiles from frame to frame, for the sizes that it saw last, and serves one thread at a
    time. It gives what `label_whole` gives, but for the rounding of the interpolation.

    Args:
        temperature: See `label_whole`.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        self.temperature = temperature
        self._tiles: _Tiles | None = None

    def __call__(self, grid: Tensor, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Label a batch, see `label_whole`."""
        if self._tiles is None or not self._tiles.fits(grid, output_hw):
            self._tiles = _Tiles(grid, output_hw)
        label_maps = torch.empty((len(grid), *output_hw), dtype=torch.uint8)
        confidences = torch.empty_like(label_maps)
        for logits, label_map, confidence in zip(
            _prepared(grid, self.temperature), label_maps, confidences, strict=True
        ):
            self._tiles.label(logits, label_map, confidence)
        return label_maps, confidences


class _Tiles:
    """Bands of rows of one output size, and the memory that they are computed in, one after the other."""

    def __init__(self, grid: Tensor, output_hw: tuple[int, int]) -> None:
        self._grid_shape, self._output_hw = grid.shape[1:], output_hw
        count, rows, _ = self._grid_shape
        height, width = output_hw
        self._band = min(height, max(1, _TILE_PIXELS // width))
        # Of each row of the output, the rows of the grid above and below it, and how far it is from the upper one.
        position = torch.arange(height) * ((rows - 1) / max(1, height - 1))
        self._above = position.long().clamp(max=rows - 1)
        self._below = (self._above + 1).clamp(max=rows - 1)
        self._share = (position - self._above).view(height, 1)
        self._wide = torch.empty((1, count, rows, width))
        self._logits, self._ranked = torch.empty((2, count * self._band * width))
        self._best, self._rank = torch.empty((2, self._band * width))

    def fits(self, grid: Tensor, output_hw: tuple[int, int]) -> bool:
        """Tell whether these tiles are made for such a grid and output."""
        return (self._grid_shape, self._output_hw) == (grid.shape[1:], output_hw)

    def label(self, grid: Tensor, label_map: Tensor, confidence: Tensor) -> None:
        """Label one picture: ``(K, h, w)`` float32 into both ``(*output_hw)`` uint8."""
        count, rows, _ = self._grid_shape
        height, width = self._output_hw
        # Across first, as the grid has few rows; then down, which goes over whole rows at once.
        torch.ops.aten.upsample_bilinear2d.out(grid[None], (rows, width), True, out=self._wide)
        for top in range(0, height, self._band):
            here = slice(top, min(top + self._band, height))
            size_hw = (here.stop - top, width)
            shape, pixels = (count, *size_hw), size_hw[0] * width
            logits, ranked = (planes[: count * pixels].view(shape) for planes in (self._logits, self._ranked))
            best, rank = (plane[:pixels].view(size_hw) for plane in (self._best, self._rank))
            torch.index_select(self._wide[0], 1, self._above[here], out=logits)
            torch.index_select(self._wide[0], 1, self._below[here], out=ranked)
            torch.lerp(logits, ranked, self._share[here], out=logits)
            label_map[here], confidence[here] = _decide(logits, _Buffers(ranked, best, rank))
