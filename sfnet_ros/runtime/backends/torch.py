"""The torch backend on the CPU; see `cuda` for its other half."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor, nn

from sfnet_ros.runtime.backends.grid import GridBackend
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.fold import fold_batch_norm

DTYPES = {'float32': torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


class TorchBackend(GridBackend):
    """Run a model in torch on the CPU.

    Args:
        deploy_model: The model; it is converted in place, and belongs to the backend from here on.
        precision: ``'float32'`` or ``'bfloat16'``.
    """

    name = 'torch'

    def __init__(self, deploy_model: DeployModel, precision: str = 'float32') -> None:
        super().__init__('cpu', precision, deploy_model.temperature)
        self._dtype = DTYPES[precision]
        # Autocast would convert every weight anew in every frame. The rest stays float32 for it to decide on.
        self._model: DeployModel | None = convert(deploy_model, self._dtype)

    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        assert self._model is not None
        with torch.autocast('cpu', self._dtype, enabled=self._dtype != torch.float32):
            return self._model.grid_and_flow(pixels)

    def _free(self) -> None:
        self._model = None
        libc = ctypes.CDLL(None)
        if hasattr(libc, 'malloc_trim'):
            # glibc keeps the pages of what was freed, which is most of a model's memory on the CPU.
            libc.malloc_trim(0)


def convert(deploy_model: DeployModel, dtype: torch.dtype) -> DeployModel:
    """Fold a model's batch norms, and bring its convolutions into a type and the layout that is the faster one.

    Returns:
        The same model: what is no convolution stays in float32.
    """
    fold_batch_norm(deploy_model.eval())
    for module in deploy_model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return deploy_model
