"""What the flows of a network do to a picture's features."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sfnet_ros.network.flow_alignment import FlowWarp
from sfnet_ros.network.layers import resize_bilinear
from sfnet_ros.network.variants.deformable import DeformableAlignment


@dataclass(frozen=True)
class Alignment:
    """One flow, and the features of a level that it brings onto the grid of a finer one, or moves on their own.

    Args:
        title: Such as ``'from 1/32 to 1/16'``: levels, by their share of the picture's sides.
        flow_px: Flow ``(h, w, 2)`` float32, x before y, in px of the grid: how far from its place a sample is taken.
        before: Features, merely enlarged to the grid: mean over the channels, ``(h, w)`` float32.
        after: The same, warped along the flow.
    """

    title: str
    flow_px: NDArray[np.float32]
    before: NDArray[np.float32]
    after: NDArray[np.float32]


def alignments_of(network: nn.Module, batch: Tensor) -> list[Alignment]:
    """Run a network on one picture, and listen to what aligns by flow.

    Args:
        network: An SFNet.
        batch: The normalised picture, ``(1, 3, H, W)``.

    Returns:
        The decoder's, finest first, and then those of the final fusion; none where nothing is aligned by flow.
    """
    heard: dict[str, Alignment] = {}
    with torch.inference_mode(), _listening(network, batch, heard):
        network(batch)
    # They stand in the network finest first, and run in another order.
    return [heard[name] for name, _ in network.named_modules() if name in heard]


@contextmanager
def _listening(network: nn.Module, batch: Tensor, heard: dict[str, Alignment]) -> Iterator[None]:
    def hear(name: str, module: nn.Module, args: Any, named: dict[str, Tensor], output: Any) -> None:
        if isinstance(module, FlowWarp):
            (feature, flow), moved, corners = args, output, module.align_corners
        else:
            feature, (moved, flow), corners = named['coarse'], output, False
        height, width = flow.shape[-2:]
        # A flow of the width moves by half the picture: that is 2 units from corner to corner, or from edge to edge.
        to_px = flow.new_tensor([(count - corners) / 2 / count for count in (width, height)])
        where = ', final fusion' if name.startswith('classifier.') else ''
        heard[name] = Alignment(
            title=f'from 1/{_stride(batch, feature)} to 1/{_stride(batch, flow)}{where}',
            flow_px=_array(flow[0].permute(1, 2, 0) * to_px),
            before=_array(resize_bilinear(feature, (height, width))[0].mean(0)),
            after=_array(moved[0].mean(0)),
        )

    hooks = [
        module.register_forward_hook(partial(hear, name), with_kwargs=True)
        for name, module in network.named_modules()
        if isinstance(module, FlowWarp | DeformableAlignment)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _stride(batch: Tensor, level: Tensor) -> int:
    """Tell the stride of a level ``(N, C, h, w)``, a power of two, though its sides were rounded up."""
    return int(2 ** round(math.log2(max(batch.shape[-2:]) / max(level.shape[-2:]))))


def _array(values: Tensor) -> NDArray[np.float32]:
    return np.asarray(values.float().cpu().numpy(), np.float32)
