"""What runs on an NVIDIA GPU, and torch there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sfnet_ros.runtime.backends.device import check_device
from sfnet_ros.runtime.backends.device_gate import DEVICE_GATE
from sfnet_ros.runtime.backends.frame_pipeline import FramePipeline
from sfnet_ros.runtime.backends.grid import GridBackend
from sfnet_ros.runtime.backends.recent import Recent
from sfnet_ros.runtime.backends.torch import DTYPES, convert
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.labelling import interpolate_logits

# Shapes whose graphs stay: those of a ladder of sizes and of some cameras.
_MOST_SHAPES = 8

# Pictures at once, their height and their width.
Shape = tuple[int, int, int]
# From pixels to what `DeployModel.grid_and_flow` gives.
Network = Callable[[Tensor], tuple[Tensor, Tensor]]


class CudaBackend(GridBackend):
    """Run a network on a GPU from the pixels to the labels: between the two nothing comes back to the CPU.

    Args:
        device: ``'cuda'`` or ``'cuda:<index>'``.
        precision: What the subclass computes convolutions in.
        temperature: Of the confidence.

    Raises:
        ValueError: No such device here: nothing falls to the CPU.
    """

    def __init__(self, device: str, precision: str, temperature: float) -> None:
        check_device(device)
        if device == 'cpu':
            raise ValueError(f'backend {self.name} on CUDA does not run on the cpu; use device cuda or cuda:<index>')
        super().__init__(device, precision, temperature)
        self._pipelines: Recent[tuple[int, ...], FramePipeline] = Recent(_MOST_SHAPES)

    @abstractmethod
    def _network(self, shape: Shape) -> Network:
        """Give the network for pixels ``(*shape, 3)`` uint8 on the device; it runs on torch's current stream.

        It is recorded, so from its second call on it launches kernels and nothing else.
        """

    def infer(
        self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Segment pictures, see `Backend.infer`."""
        with self._turn, torch.inference_mode(), torch.cuda.device(self.device):
            batch = self._checked(pixels)
            pipeline = self._pipelines.get(
                (*_shape(batch), *output_hw), lambda: self._pipeline(_shape(batch), output_hw)
            )
            label_maps, confidences = pipeline(batch)
            return label_maps, confidences

    def _pipeline(self, shape: Shape, output_hw: tuple[int, int]) -> FramePipeline:
        # The pipeline's own from here on: what is recorded works in memory of the network.
        network = self._network(shape)

        def work(pixels: Tensor) -> Tensor:
            grid, _ = network(pixels)
            return torch.stack(self._label(grid, output_hw))

        return FramePipeline(shape, torch.device('cuda', torch.cuda.current_device()), work)

    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        with torch.cuda.device(self.device):
            return self._network(_shape(pixels))(pixels.to(self.device))

    def _label(self, grid: Tensor, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        return label_on_gpu(grid, self._temperature, output_hw)

    def _free(self) -> None:
        # With what is recorded goes the memory of its networks, which waits for the device too.
        with DEVICE_GATE.synchronising():
            self._pipelines.clear()
            torch.cuda.empty_cache()


class CudaTorchBackend(CudaBackend):
    """Run a model in torch on a GPU.

    Args:
        deploy_model: The model; it is moved and converted in place, and belongs to the backend from here on.
        device: ``'cuda'`` or ``'cuda:<index>'``.
        precision: ``'float32'``, ``'bfloat16'`` or ``'float16'``.

    Raises:
        ValueError: No such device here.
    """

    name = 'torch'

    def __init__(self, deploy_model: DeployModel, device: str = 'cuda', precision: str = 'float16') -> None:
        super().__init__(device, precision, deploy_model.temperature)
        self._model: DeployModel | None = convert(deploy_model, DTYPES[precision]).to(device)

    def _network(self, shape: Shape) -> Network:  # noqa: ARG002
        assert self._model is not None
        return partial(run_network, self._model, dtype=DTYPES[self.precision])

    def _free(self) -> None:
        self._model = None
        super()._free()


def _shape(pixels: Tensor) -> Shape:
    count, height, width, _ = pixels.shape
    return count, height, width


def run_network(model: DeployModel, pixels: Tensor, *, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Run a model of `convert` with features in its type, see `DeployModel.grid_and_flow`.

    Not under autocast, which decides at each operation anew and keeps weights that it has converted beyond a recorded
    graph. Here nothing is left to decide: features are of the type of the convolutions, and sampling keeps its grid in
    float32 by itself, see `flow_warp`.
    """
    grid, flows = model.model.grid_logits_and_flows(model.normalizer(pixels).to(dtype))
    return grid, flows[0]


def label_on_gpu(grid: Tensor, temperature: float, output_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Label all pixels, see `label_whole`, in kernels that suit a GPU.

    Planes of all classes are written twice, once interpolated and once as probabilities, where `label_whole` writes
    them four times; picture by picture, as one picture keeps a GPU busy and its planes are most of the memory.
    """
    label_maps = torch.empty((len(grid), *output_hw), dtype=torch.uint8, device=grid.device)
    confidences = torch.empty_like(label_maps)
    for logits, label_map, confidence in zip(grid, label_maps, confidences, strict=True):
        probabilities = interpolate_logits(logits[None], temperature, output_hw).softmax(dim=1)
        best, train_ids = probabilities[0].max(dim=0)
        label_map.copy_(train_ids)
        confidence.copy_(best.mul_(255).round_())
    return label_maps, confidences
