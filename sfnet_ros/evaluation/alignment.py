"""What the flow alignment modules of a network do to a picture's features."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sfnet_ros.network.layers import resize_bilinear


@dataclass(frozen=True)
class Alignment:
    """One level, as its alignment brought the coarser one onto it.

    Args:
        flow_px: Flow ``(h, w, 2)`` float32, x before y, in px of the level: how far from its place a sample is taken.
        before: Coarse features, merely enlarged: mean over the channels, ``(h, w)`` float32.
        after: The same, warped along the flow.
    """

    flow_px: NDArray[np.float32]
    before: NDArray[np.float32]
    after: NDArray[np.float32]


def alignments_of(network: nn.Module, batch: Tensor) -> list[Alignment]:
    """Run a network on one picture, and listen to its alignments.

    Args:
        network: An SFNet whose decoder aligns by flow.
        batch: The normalised picture, ``(1, 3, H, W)``.

    Returns:
        The levels, finest first; none where the network aligns nothing by flow.
    """
    heard: list[Alignment] = []
    with torch.inference_mode(), _listening(network, heard):
        network(batch)
    # The decoder goes from the coarsest level to the finest.
    return heard[::-1]


@contextmanager
def _listening(network: nn.Module, heard: list[Alignment]) -> Iterator[None]:
    def hear(_module: nn.Module, _args: Any, inputs: dict[str, Tensor], output: Any) -> None:
        aligned, flow = output
        height, width = flow.shape[-2:]
        # A flow of the width moves by half the picture, from corner to corner: width - 1 px are 2 units.
        to_px = flow.new_tensor([(width - 1) / 2 / width, (height - 1) / 2 / height])
        heard.append(
            Alignment(
                flow_px=_array(flow[0].permute(1, 2, 0) * to_px),
                before=_array(resize_bilinear(inputs['coarse'], (height, width))[0].mean(0)),
                after=_array(aligned[0].mean(0)),
            )
        )

    modules = getattr(getattr(network, 'decoder', None), 'alignments', ())
    hooks = [module.register_forward_hook(hear, with_kwargs=True) for module in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _array(values: Tensor) -> NDArray[np.float32]:
    return np.asarray(values.float().cpu().numpy(), np.float32)
