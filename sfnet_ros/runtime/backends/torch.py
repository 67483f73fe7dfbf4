"""The torch backend: CPU and CUDA."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor, nn

from sfnet_ros.runtime.backends.device import check_device
from sfnet_ros.runtime.backends.grid import GridBackend
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.fold import fold_batch_norm

_DTYPES = {'float32': torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


class TorchBackend(GridBackend):
    """Run a model in torch.

    Args:
        deploy_model: The model; it is moved and converted in place, and belongs to the backend from here on.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.
        precision: ``'float32'``, ``'bfloat16'``, or on CUDA ``'float16'``.

    Raises:
        ValueError: No such device here.
    """

    name = 'torch'

    def __init__(self, deploy_model: DeployModel, device: str = 'cpu', precision: str = 'float32') -> None:
        check_device(device)
        super().__init__(device, precision, deploy_model.temperature)
        self._dtype = _DTYPES[precision]
        fold_batch_norm(deploy_model.eval())
        deploy_model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if precision != 'float32':
            # Autocast would convert every weight anew in every frame. The rest stays float32 for it to decide on.
            for module in deploy_model.modules():
                if isinstance(module, nn.Conv2d):
                    module.to(self._dtype)
        self._model: DeployModel | None = deploy_model

    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        assert self._model is not None
        kind = torch.device(self.device).type
        with torch.autocast(kind, self._dtype, enabled=self._dtype != torch.float32):
            return self._model.grid_and_flow(pixels.to(self.device))

    def _free(self) -> None:
        self._model = None
        if self.device != 'cpu':
            torch.cuda.empty_cache()
        libc = ctypes.CDLL(None)
        if hasattr(libc, 'malloc_trim'):
            # glibc keeps the pages of what was freed, which is most of a model's memory on the CPU.
            libc.malloc_trim(0)
