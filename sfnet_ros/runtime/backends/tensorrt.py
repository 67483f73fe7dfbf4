"""The tensorrt backend: engines, on torch's memory and streams."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sfnet_ros.runtime.backends.cuda import CudaBackend, Network, Shape
from sfnet_ros.runtime.backends.device_gate import DEVICE_GATE
from sfnet_ros.runtime.backends.recent import Recent
from sfnet_ros.runtime.export.engine_store import EngineKey, EngineStore
from sfnet_ros.runtime.export.fixed_size import fix_size
from sfnet_ros.runtime.export.tensorrt import build_engine, import_tensorrt, load_engine

logger = logging.getLogger(__name__)

_MOST_ENGINES = 8
_INPUT, _OUTPUTS = 'pixels', ('logits', 'flow')


class TensorRTBackend(CudaBackend):
    """Run a graph in TensorRT, in an engine for each shape that it meets.

    An engine that was not built before is built when its shape comes for the first time: in minutes, which whoever
    cannot wait leaves to another thread, see `preparation`.

    Args:
        graph: See `export_grid`; of float16, or with int8 in it, as ``precision`` says.
        device: ``'cuda'`` or ``'cuda:<index>'``.
        precision: What the graph computes in.
        temperature: Of the confidence.
        store: Where engines are kept; None is the user's cache.

    Raises:
        ValueError: There is no such GPU, or TensorRT is not installed.
    """

    name = 'tensorrt'

    def __init__(
        self, graph: Path, device: str, precision: str, temperature: float, store: EngineStore | None = None
    ) -> None:
        super().__init__(device, precision, temperature)
        self._key = engine_key(graph, device, precision)
        self._graph = graph
        self._store = store or EngineStore()
        self._engines: Recent[Shape, _Engine] = Recent(_MOST_ENGINES)

    def engine_file(self, shape: Shape) -> Path:
        """Name the file of the engine of a shape, which is there once pictures of that shape were segmented."""
        return self._store.path(self._key_of(shape))

    def forget(self, shape: Shape) -> None:
        """Delete the stored engine of a shape, such as one whose labels are wrong; a loaded one goes on."""
        self._store.remove(self._key_of(shape))

    def _key_of(self, shape: Shape) -> EngineKey:
        return replace(self._key, shape=shape)

    def _network(self, shape: Shape) -> Network:
        return self._engines.get(shape, lambda: _Engine(open_engine(self._graph, self._key_of(shape), self._store)))

    def _free(self) -> None:
        with DEVICE_GATE.synchronising():
            self._engines.clear()
            super()._free()


def open_engine(graph: Path, key: EngineKey, store: EngineStore) -> Any:
    """Load the ``ICudaEngine`` of a key on the current CUDA device; one that is not stored is built, in minutes.

    Args:
        graph: What the key was made for.

    Raises:
        ValueError: TensorRT cannot build or load it.
    """
    # All of it waits for the whole device, so no graph is recorded meanwhile.
    with DEVICE_GATE.synchronising():
        stored = store.load(key)
        engine = load_engine(stored) if stored is not None else None
        if engine is None:
            logger.info('building the TensorRT engine for %d of %d x %d px, in minutes', *key.shape)
            built = build_engine(fix_size(graph, key.shape), key.precision)
            _keep(built, key, store)
            engine = load_engine(built)
        if engine is None:
            raise ValueError(f'TensorRT {key.tensorrt} does not load the engine that it has just built')
        return engine


def _keep(engine: bytes, key: EngineKey, store: EngineStore) -> None:
    try:
        store.save(key, engine)
    except OSError as error:
        # It runs all the same, until the end of this process.
        logger.warning('the TensorRT engine cannot be kept for the next start: %s', error)
    else:
        logger.info('the TensorRT engine is kept as %s', store.path(key))


def engine_key(graph: Path, device: str, precision: str, shape: Shape = (1, 1, 1)) -> EngineKey:
    """Tell what the engine of a graph is built for on a device.

    Raises:
        ValueError: TensorRT is not installed.
    """
    major, minor = torch.cuda.get_device_capability(device)
    return EngineKey(
        gpu=torch.cuda.get_device_name(device),
        compute_capability=f'{major}.{minor}',
        tensorrt=import_tensorrt().__version__,
        graph_sha256=hashlib.sha256(graph.read_bytes()).hexdigest(),
        shape=shape,
        precision=precision,
    )


def has_engine(graph: Path, device: str, precision: str) -> bool:
    """Tell whether an engine of a graph was built before for a device, of whatever shape.

    Raises:
        ValueError: TensorRT is not installed.
    """
    return EngineStore().holds_any(engine_key(graph, device, precision))


class _Engine:
    """Run an engine of one shape, one call after the other: its memory between input and outputs is its own."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._context = engine.create_execution_context()
        if self._context is None:
            raise RuntimeError('TensorRT has no GPU memory for this engine')
        self._shapes = {name: tuple(engine.get_tensor_shape(name)) for name in _OUTPUTS}

    def __call__(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Run on torch's current stream: see `DeployModel.grid_and_flow`."""
        pixels = pixels.contiguous()
        grid, flow = (torch.empty(self._shapes[name], device=pixels.device) for name in _OUTPUTS)
        for name, tensor in zip((_INPUT, *_OUTPUTS), (pixels, grid, flow), strict=True):
            if not self._context.set_tensor_address(name, tensor.data_ptr()):
                raise RuntimeError(f'TensorRT does not take memory for {name}')
        if not self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise RuntimeError('TensorRT cannot run its engine: its errors are in the log')
        return grid, flow
