"""What every backend runs: camera pixels in, label map and confidence out, as one graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.network import SFNet
from sfnet_ros.network.normalize import PixelNormalizer

# Times the smallest difference of two logits, far more than 255 ranks; times the largest, still a float.
_OUTRANKED = 1e30


class DeployModel(nn.Module):
    """Label every pixel, and say how sure the network is of it.

    Args:
        model: The network, put in evaluation mode here.
        normalizer: From pixels to the network's input.
        temperature: What logits are divided by before the softmax of the confidence; above 1 it becomes more modest.
    """

    def __init__(self, model: SFNet, normalizer: PixelNormalizer, temperature: float = 1.0) -> None:
        super().__init__()
        self.model = model
        self.normalizer = normalizer
        self.temperature = temperature
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
        batch = self.normalizer(_checked(pixels))
        return _label(self.model.grid_logits(batch), self.temperature, output_hw)


class DetailedDeployModel(nn.Module):
    """Say besides, for those who ask, how probable every class is, and where the network took its context from.

    Args:
        deploy_model: The one graph of all frames, whose parts it shares and whose label maps it gives.
    """

    def __init__(self, deploy_model: DeployModel) -> None:
        super().__init__()
        self.deploy_model = deploy_model
        self.eval()

    def forward(self, pixels: Tensor, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Segment a batch, see `DeployModel.forward`.

        Returns:
            The label map and the confidence; the probabilities ``(N, *output_hw, K)`` float32; and the flow of the
            finest level ``(N, h, w, 2)`` float32, x before y, see `flow_warp` for its unit.
        """
        parts = self.deploy_model
        grid, flows = parts.model.grid_logits_and_flows(parts.normalizer(_checked(pixels)))
        label_map, confidence = _label(grid, parts.temperature, output_hw)
        probabilities = _interpolate(grid, parts.temperature, output_hw).softmax(dim=1)
        return label_map, confidence, _channels_last(probabilities), _channels_last(flows[0].float())


def _checked(pixels: Tensor) -> Tensor:
    if pixels.dtype != torch.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape:
        raise ValueError(
            f'pixels are {_name(pixels.dtype)} of shape {tuple(pixels.shape)}; uint8 of (N, H, W, 3) is accepted'
        )
    return pixels


def _label(grid: Tensor, temperature: float, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Give label map and confidence from logits on the network's grid."""
    logits = _interpolate(grid, temperature, output_hw)
    # In place, as these K channels are most of the memory: how far each class is below the best one, which is at 0.
    below = logits.sub_(logits.amax(dim=1, keepdim=True))
    # The arg-max as a maximum, which the CPU finds several times as fast: of the classes at 0 the first has the highest
    # rank, and what is below 0 at all is so by more than any rank makes up for.
    count = below.shape[1]
    ranks = torch.arange(count, 0, -1, dtype=below.dtype, device=below.device).view(count, 1, 1)
    label_map = count - torch.add(ranks, below, alpha=_OUTRANKED).amax(dim=1)
    # The best class's softmax is 1 / sum(exp(logit - best)).
    probability = below.exp_().sum(dim=1).reciprocal_()
    return label_map.to(torch.uint8), probability.mul_(255).round_().to(torch.uint8)


def _interpolate(grid: Tensor, temperature: float, output_hw: tuple[int, int]) -> Tensor:
    # Under autocast the grid is bfloat16, whose eight bits would make neighbouring classes tie. On the coarse grid
    # the temperature costs next to nothing, and at 1 it changes no bit. With a plane for each class, what goes over
    # the classes of a pixel afterwards is vectorised, as it is not with channels last.
    scaled = (grid.float() / temperature).contiguous()
    return functional.interpolate(scaled, size=output_hw, mode='bilinear', align_corners=True)


def _channels_last(maps: Tensor) -> Tensor:
    """Turn ``(N, C, H, W)`` into ``(N, H, W, C)`` without gaps."""
    return maps.permute(0, 2, 3, 1).contiguous()


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix('torch.')
