"""Backends, and how one is made."""

from __future__ import annotations

from pathlib import Path

from torch import get_num_threads, set_num_threads

from sfnet_ros.runtime.backends.base import Backend
from sfnet_ros.runtime.backends.choice import Choice, choose, pairs, why_not
from sfnet_ros.runtime.backends.cuda import CudaTorchBackend
from sfnet_ros.runtime.backends.mnn import MnnBackend, convert
from sfnet_ros.runtime.backends.onnxruntime import OnnxRuntimeBackend
from sfnet_ros.runtime.backends.openvino import OpenVinoBackend
from sfnet_ros.runtime.backends.tensorrt import TensorRTBackend, has_engine
from sfnet_ros.runtime.backends.torch import TorchBackend
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.export.graphs import cached_graph, grid_graph, int8_file, int8_graph
from sfnet_ros.runtime.export.whole import is_whole

__all__ = ['Backend', 'Choice', 'choose', 'create_backend', 'is_prepared', 'pairs', 'prepare', 'why_not']


def create_backend(choice: Choice, deploy_model: DeployModel, folder: Path | None = None, threads: int = 0) -> Backend:
    """Make the chosen backend of a model, which belongs to it from here on.

    Args:
        choice: See `choose`.
        deploy_model: The model as it was loaded.
        folder: Of the model, where its int8 graph lies.
        threads: Of the CPU, which torch uses in the whole process; 0 leaves them as they are.

    Raises:
        ValueError: It cannot run here, or was not exported for it.
    """
    if threads:
        set_num_threads(threads)
    if choice.backend == 'torch' and choice.device == 'cpu':
        return TorchBackend(deploy_model, choice.precision)
    if choice.backend == 'torch':
        return CudaTorchBackend(deploy_model, choice.device, choice.precision)
    graph, temperature, threads = (
        prepare(choice, deploy_model, folder),
        deploy_model.temperature,
        get_num_threads(),
    )
    if choice.backend == 'onnxruntime':
        return OnnxRuntimeBackend(graph, choice.device, choice.precision, temperature, threads)
    if choice.backend == 'openvino':
        return OpenVinoBackend(graph, choice.precision, temperature, threads)
    if choice.backend == 'tensorrt':
        return TensorRTBackend(graph, choice.device, choice.precision, temperature)
    return MnnBackend(graph, temperature, threads)


def is_prepared(choice: Choice, deploy_model: DeployModel, folder: Path | None = None) -> bool:
    """Tell whether a choice starts at once, as `prepare` has nothing left to make.

    TensorRT does where an engine was built before; one of another size may still be, when its first picture comes.
    """
    if choice.backend == 'torch':
        return True
    if choice.precision == 'int8':
        return folder is not None and is_whole(int8_file(deploy_model, folder))
    graph = cached_graph(deploy_model, _suffix(choice))
    if choice.backend == 'tensorrt':
        return is_whole(graph) and has_engine(graph, choice.device, choice.precision)
    return is_whole(graph)


def prepare(choice: Choice, deploy_model: DeployModel, folder: Path | None = None) -> Path:
    """Find the file that a backend runs, or make it: once for a model, in half a minute.

    Raises:
        ValueError: A library for it is not installed, or there is no int8 graph in the folder.
    """
    if choice.precision == 'int8':
        return int8_graph(deploy_model, folder)
    path = cached_graph(deploy_model, _suffix(choice))
    if is_whole(path):
        return path
    graph = grid_graph(deploy_model, half=choice.precision == 'float16')
    if choice.backend == 'mnn':
        convert(graph, path)
    return path


def _suffix(choice: Choice) -> str:
    if choice.backend == 'mnn':
        return '.mnn'
    return '.half.onnx' if choice.precision == 'float16' else '.onnx'
