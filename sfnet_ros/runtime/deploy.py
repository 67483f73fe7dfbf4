"""What every backend runs: camera pixels in, label map and confidence out, as one graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sfnet_ros.network import SFNet
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime.labelling import label_whole


class DeployModel(nn.Module):
    """Label every pixel, and say how sure the network is of it.

    Args:
        model: The network, put in evaluation mode here.
        normalizer: From pixels to the network's input.
        temperature: What logits are divided by before the softmax of the confidence; above 1 it becomes more modest.
        weights_sha256: Of the weights' file, where they are of one; it stands for them in the names of graphs.
    """

    def __init__(
        self, model: SFNet, normalizer: PixelNormalizer, temperature: float = 1.0, weights_sha256: str = ''
    ) -> None:
        super().__init__()
        self.model = model
        self.normalizer = normalizer
        self.temperature = temperature
        self.weights_sha256 = weights_sha256
        self.eval()

    def forward(self, pixels: Tensor, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Segment a batch.

        Args:
            pixels: RGB, ``(N, H, W, 3)`` uint8, at the network's size.
            output_hw: Size of what comes out; the logits are interpolated once, straight to it.

        Returns:
            The label map in train ids and the confidence, 255 times the probability of that class: both
            ``(N, *output_hw)`` uint8.

        Raises:
            ValueError: ``pixels`` are of another type or shape.
        """
        return label_whole(self.grid_and_flow(check_pixels(pixels))[0], self.temperature, output_hw)

    def grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network alone: what is left of `forward` is done on the CPU as well without a graph.

        Returns:
            The logits on the network's own grid ``(N, K, h, w)``, and the flow into the finest level
            ``(N, 2, h, w)``, x before y, see `flow_warp` for its unit.
        """
        grid, flows = self.model.grid_logits_and_flows(self.normalizer(pixels))
        return grid, flows[0]


def check_pixels(pixels: Tensor) -> Tensor:
    """Give pixels back if they are such as `DeployModel` takes.

    Raises:
        ValueError: They are of another type or shape.
    """
    if pixels.dtype != torch.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape:
        dtype = str(pixels.dtype).removeprefix('torch.')
        raise ValueError(f'pixels are {dtype} of shape {tuple(pixels.shape)}; uint8 of (N, H, W, 3) is accepted')
    return pixels
