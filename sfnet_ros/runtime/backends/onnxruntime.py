"""The onnxruntime backend: CPU and CUDA."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from sfnet_ros.runtime.backends.grid import GridBackend
from sfnet_ros.runtime.optional import require

LIBRARIES = ('onnxruntime',)


class OnnxRuntimeBackend(GridBackend):
    """Run a graph in onnxruntime.

    Args:
        graph: See `export_grid`; of float16, or with int8 in it, as ``precision`` says.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.
        precision: What the graph computes in, which is only told on.
        temperature: Of the confidence.
        threads: Of the CPU; 0 leaves it to onnxruntime.

    Raises:
        ValueError: onnxruntime is not installed, or has no CUDA.
    """

    name = 'onnxruntime'

    def __init__(self, graph: Path, device: str, precision: str, temperature: float, threads: int = 0) -> None:
        require(LIBRARIES, 'backend onnxruntime', 'onnxruntime')
        import onnxruntime

        super().__init__(device, precision, temperature)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin while they wait would take the cores from the labelling, and from the rest of the robot.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        provider: str | tuple[str, dict[str, str]] = 'CPUExecutionProvider'
        if device != 'cpu':
            if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
                raise ValueError(
                    f'device {device!r} needs onnxruntime-gpu, and the onnxruntime installed here has no CUDA'
                )
            provider = ('CUDAExecutionProvider', {'device_id': device.partition(':')[2] or '0'})
            # Some versions lack a kernel, such as GridSample's, and would compute it on the CPU without a word.
            options.add_session_config_entry('session.disable_cpu_ep_fallback', '1')
        with _told():
            self._session = onnxruntime.InferenceSession(graph, options, providers=[provider])

    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        with _told():
            grid, flow = self._session.run(['logits', 'flow'], {'pixels': pixels.numpy()})
        return torch.from_numpy(grid).to(self.device), torch.from_numpy(flow)

    def _free(self) -> None:
        del self._session


@cache
def _errors() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as library

    return tuple(kind for kind in vars(library).values() if isinstance(kind, type) and issubclass(kind, Exception))


@contextmanager
def _told() -> Iterator[None]:
    """Turn onnxruntime's errors, which have no kind in common, into the one that other backends fail with.

    Raises:
        RuntimeError: onnxruntime failed.
    """
    try:
        yield
    except _errors() as error:
        raise RuntimeError(f'onnxruntime failed: {" ".join(str(error).split())}') from error
