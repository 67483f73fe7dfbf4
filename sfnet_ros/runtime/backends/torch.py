"""The torch backend: CPU and CUDA."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sfnet_ros.runtime.backends.base import Details
from sfnet_ros.runtime.deploy import DeployModel, DetailedDeployModel
from sfnet_ros.runtime.fold import fold_batch_norm

_DTYPES = {'float32': torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


class TorchBackend:
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
        self.device = device
        self.precision = precision
        self._dtype = _DTYPES[precision]
        fold_batch_norm(deploy_model.eval())
        deploy_model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if precision != 'float32':
            # Autocast would convert every weight anew in every frame. The rest stays float32 for it to decide on.
            for module in deploy_model.modules():
                if isinstance(module, nn.Conv2d):
                    module.to(self._dtype)
        self._model: DeployModel | None = deploy_model

    def infer(
        self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Segment pictures, see `Backend.infer`."""
        label_maps, confidences = self._run(self._open_model(), pixels, output_hw)
        return label_maps, confidences

    def infer_details(self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> Details:
        """Segment pictures and tell more of them, see `Backend.infer_details`."""
        return Details(*self._run(DetailedDeployModel(self._open_model()), pixels, output_hw))

    def close(self) -> None:
        """Free the memory, see `Backend.close`."""
        self._model = None
        if self.device != 'cpu':
            torch.cuda.empty_cache()
        libc = ctypes.CDLL(None)
        if hasattr(libc, 'malloc_trim'):
            # glibc keeps the pages of what was freed, which is most of a model's memory on the CPU.
            libc.malloc_trim(0)

    def _open_model(self) -> DeployModel:
        if self._model is None:
            raise RuntimeError('the backend is closed')
        return self._model

    def _run(self, model: nn.Module, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> list[NDArray[Any]]:
        # torch wraps neither what runs backwards nor read-only memory; all else is shared, also rows with padding.
        if any(stride < 0 for stride in pixels.strides):
            pixels = np.ascontiguousarray(pixels)
        batch = torch.from_numpy(np.require(pixels, requirements='W'))
        kind = torch.device(self.device).type
        with torch.inference_mode(), torch.autocast(kind, self._dtype, enabled=self._dtype != torch.float32):
            results = model(batch.to(self.device), output_hw)
        return [result.cpu().numpy() for result in results]


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
