"""The torch backend: CPU and CUDA."""

from __future__ import annotations

import ctypes
import re

import torch
from torch import Tensor, nn

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
        ValueError: No such device here, or no such precision on it.
    """

    name = 'torch'

    def __init__(self, deploy_model: DeployModel, device: str = 'cpu', precision: str = 'float32') -> None:
        check_device(device)
        check_precision(device, precision)
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


def default_device() -> str:
    """Name the device that ``auto`` stands for: CUDA where torch sees a GPU, else the CPU."""
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def check_device(device: str) -> None:
    """Refuse a device that is not here; nothing falls to the CPU silently.

    Raises:
        ValueError: The name is not known, or the device is absent.
    """
    if device == 'cpu':
        return
    match = re.fullmatch(r'cuda(?::(\d+))?', device)
    if match is None:
        raise ValueError(f'device {device!r} is not known; accepted are auto, cpu, cuda and cuda:<index>')
    if int(match[1] or 0) >= torch.cuda.device_count():
        raise ValueError(
            f'device {device!r} was asked for, but torch sees {torch.cuda.device_count()} CUDA GPUs; '
            'use device cpu or auto, or install a CUDA build of torch and its driver'
        )


def check_precision(device: str, precision: str) -> None:
    """Refuse a precision that torch does not have on a device.

    Raises:
        ValueError: The precision is not known, or not there.
    """
    accepted = [name for name in _DTYPES if device != 'cpu' or name != 'float16']
    if precision not in accepted:
        raise ValueError(
            f'precision {precision!r} is not there for torch on {device}; accepted are auto, {", ".join(accepted)}'
        )
