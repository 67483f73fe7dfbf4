"""Which pictures an epoch shows, and where its crops are taken."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from tqdm import tqdm

from sfnet_ros.datasets import LabelledPictures
from sfnet_ros.datasets.class_tiles import ClassTiles, Draw, draw_epoch, load_class_tiles

# Draws one epoch's pictures, in the order in which they are shown; always equally many.
Sampler = Callable[[np.random.Generator], list[Draw]]


def shuffled(count: int) -> Sampler:
    """Show each of ``count`` pictures once, in random order."""
    return lambda generator: [Draw(int(index), None) for index in generator.permutation(count)]


def class_uniform(dataset: LabelledPictures, share: float, tile_px: int) -> Sampler:
    """Draw a share of the pictures evenly over the classes, and take their crops there.

    Args:
        dataset: What is trained on; its label maps are read when the first epoch is drawn, unless they were before.
        share: 0 to 1; the rest are pictures in random order.
        tile_px: Side in px of the tiles that each class is looked for in.
    """

    @cache
    def tiles() -> ClassTiles:
        return load_class_tiles(dataset, tile_px, partial(tqdm, desc='where the classes are', disable=None))

    return lambda generator: draw_epoch(tiles(), len(dataset), share, generator)
