"""Tiles give the labels that one pass over the whole picture gives."""

from __future__ import annotations

import pytest
import torch

from sfnet_ros.runtime.labelling import TiledLabeller, label_whole


def _grid(classes: int, height: int, width: int, pictures: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(classes + height + width)
    return 3 * torch.randn((pictures, classes, height, width), generator=generator)


@pytest.mark.parametrize(
    ('grid', 'output_hw'),
    [
        (_grid(11, 45, 60), (360, 480)),
        (_grid(19, 32, 64, pictures=2), (512, 1024)),  # several tiles, and the last one shorter
        (_grid(3, 1, 1), (7, 5)),
        (_grid(3, 2, 9), (1, 1)),
        (_grid(2, 20, 30), (10, 15)),  # smaller than the grid
        (_grid(255, 4, 4), (33, 65)),
        (_grid(2, 3, 3), (3, 40_000)),  # a row is longer than a tile
    ],
    ids=str,
)
def test_tiles_give_the_labels_of_the_whole(grid: torch.Tensor, output_hw: tuple[int, int]) -> None:
    label_map, confidence = label_whole(grid, 1.5, output_hw)
    tiled_map, tiled_confidence = TiledLabeller(1.5)(grid, output_hw)
    assert tiled_map.shape == tiled_confidence.shape == (len(grid), *output_hw)
    assert tiled_map.dtype == tiled_confidence.dtype == torch.uint8
    # Where two classes cross, the last bit of the interpolation decides.
    assert (tiled_map != label_map).float().mean() < 1e-4
    assert (tiled_confidence.int() - confidence.int()).abs().max() <= 1


def test_one_labeller_serves_sizes_in_any_order_and_keeps_no_frame() -> None:
    labeller = TiledLabeller()
    small, large = _grid(5, 6, 8), _grid(5, 12, 16)
    first = [plane.clone() for plane in labeller(small, (48, 64))]
    labeller(large, (96, 128))
    again = labeller(small, (48, 64))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    labeller(_grid(5, 6, 8) + 1e3 * torch.eye(5)[0].view(1, 5, 1, 1), (48, 64))
    assert torch.equal(first[0], again[0])


def test_grids_of_half_precision_are_taken() -> None:
    grid = _grid(4, 5, 6).to(torch.bfloat16)
    assert torch.equal(TiledLabeller()(grid, (5, 6))[0], grid.float().argmax(dim=1).to(torch.uint8))
