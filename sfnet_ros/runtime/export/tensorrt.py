"""TensorRT engines, built from graphs of one size: for one GPU, one version of TensorRT and that size."""

from __future__ import annotations

import functools
import importlib
import logging
import threading
import time
from types import ModuleType
from typing import Any

from sfnet_ros.runtime.optional import require

LIBRARIES = ('tensorrt',)
OLDEST_VERSION = (10, 0)

logger = logging.getLogger(__name__)

# What kernels may use beside weights and maps while they are compared: plenty for these networks, little for a robot.
_WORKSPACE_BYTES = 1 << 30
_REPORT_PERIOD_S = 5.0
_LEVELS = {
    'INTERNAL_ERROR': logging.CRITICAL,
    'ERROR': logging.ERROR,
    'WARNING': logging.WARNING,
    # A build says hundreds of things about itself.
    'INFO': logging.DEBUG,
    'VERBOSE': logging.DEBUG,
}


def import_tensorrt() -> ModuleType:
    """Give the module ``tensorrt``.

    Raises:
        ValueError: It is not installed, does not load, or is older than 10.0.
    """
    require(LIBRARIES, 'backend tensorrt', 'tensorrt')
    try:
        # The only import of it, for the build and for the backend.
        tensorrt = importlib.import_module('tensorrt')
    except (ImportError, OSError) as error:
        raise ValueError(
            f"backend tensorrt needs NVIDIA's libraries beside its Python package, which do not load here: {error}"
        ) from error
    if tuple(map(int, tensorrt.__version__.split('.')[:2])) < OLDEST_VERSION:
        raise ValueError(f'backend tensorrt needs TensorRT 10.0 or newer, and {tensorrt.__version__} is installed here')
    return tensorrt


def build_engine(model: bytes, precision: str, *, workspace_bytes: int = _WORKSPACE_BYTES) -> bytes:
    """Build an engine on the current CUDA device, which takes minutes; how far it is, is logged.

    Every tensor is computed in the type that the graph gives it, so the precision is the graph's: float16 where it was
    exported in float16, int8 between symmetric Q/DQ nodes, float32 elsewhere.

    Args:
        model: ONNX model of one size, see `fix_size`: without a dimension that is left open it needs no profile.
        precision: Of the graph. In float32 the tensor cores' shorter floats are ruled out, which TensorRT takes else.
        workspace_bytes: GPU memory that kernels may use beside weights and maps.

    Returns:
        The engine, as a file would hold it.

    Raises:
        ValueError: TensorRT is not here or does not start, or cannot build this graph.
    """
    tensorrt = import_tensorrt()
    builder = _create('Builder')
    # Version 11 knows no other networks, and ignores the flag.
    network = builder.create_network(1 << int(tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = tensorrt.OnnxParser(network, _talk())
    if not parser.parse(model):
        errors = '; '.join(parser.get_error(index).desc() for index in range(parser.num_errors))
        raise ValueError(f'TensorRT {tensorrt.__version__} does not take the graph of this model: {errors}')
    config = builder.create_builder_config()
    config.set_memory_pool_limit(tensorrt.MemoryPoolType.WORKSPACE, workspace_bytes)
    if precision == 'float32':
        config.clear_flag(tensorrt.BuilderFlag.TF32)
    monitor = _monitor_of(tensorrt)
    config.progress_monitor = monitor
    started_s = time.monotonic()
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ValueError(f'TensorRT {tensorrt.__version__} cannot build this model: its errors are in the log')
    logger.info('built a TensorRT engine in %.0f s', time.monotonic() - started_s)
    return bytes(memoryview(plan))


def load_engine(engine: bytes) -> Any:
    """Give the ``ICudaEngine`` of a file's bytes on the current CUDA device; None where it was built for another.

    Raises:
        ValueError: TensorRT is not here or does not start.
    """
    return _runtime().deserialize_cuda_engine(engine)


class Progress:
    """Log how far the parts of a build are, now and then; TensorRT tells on several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[str, int] = {}
        self._told_s = time.monotonic()

    def start(self, phase: str, steps: int) -> None:
        """Note that a part begins, of so many steps."""
        with self._lock:
            self._steps[phase] = steps

    def step(self, phase: str, step: int) -> None:
        """Note that a step is done, counted from 0."""
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._told_s >= _REPORT_PERIOD_S:
                self._told_s = now_s
                logger.info('building a TensorRT engine: %s %d of %d', phase, step + 1, self._steps.get(phase, 0))

    def finish(self, phase: str) -> None:
        """Note that a part has ended."""
        with self._lock:
            self._steps.pop(phase, None)


def _monitor_of(tensorrt: Any) -> Any:
    """Make what TensorRT reports its progress to."""

    class Monitor(tensorrt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            tensorrt.IProgressMonitor.__init__(self)
            self._progress = Progress()

        def phase_start(self, phase_name: str, _parent_phase: str | None, num_steps: int) -> None:
            self._progress.start(phase_name, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            self._progress.step(phase_name, step)
            return True

        def phase_finish(self, phase_name: str) -> None:
            self._progress.finish(phase_name)

    return Monitor()


@functools.cache
def _runtime() -> Any:
    # Kept for good, as nobody promises that an engine outlives what it came from.
    return _create('Runtime')


def _create(kind: str) -> Any:
    try:
        return getattr(import_tensorrt(), kind)(_talk())
    except TypeError as error:
        # So its Python package tells that the library itself gave nothing.
        raise ValueError('TensorRT does not start on this machine: its errors are in the log') from error


@functools.cache
def _talk() -> Any:
    """Make what TensorRT speaks to; it knows one for a process, for as long as anything of TensorRT lives."""
    tensorrt = import_tensorrt()

    class Talk(tensorrt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            tensorrt.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            logger.log(_LEVELS.get(severity.name, logging.DEBUG), 'TensorRT: %s', msg)

    return Talk()
