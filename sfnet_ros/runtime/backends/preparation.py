"""Serve at once with one backend, and with a faster one that takes long to prepare as soon as that is ready."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.runtime.backends import Choice, choose, create_backend, is_prepared, prepare
from sfnet_ros.runtime.backends.base import Backend, Details
from sfnet_ros.runtime.backends.recent import Recent
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.manifest import ModelManifest
from sfnet_ros.runtime.model_store import load_deploy_model

logger = logging.getLogger(__name__)

# A size that comes once, or with the empty frames that make a model warm, two of them, is not worth minutes.
_CALLS_WORTH_IT = 3
# As many as backends keep ready themselves.
_MOST_SIZES = 8
# Those that prepare each size of its own, so that one is never ready for all that may come.
_EACH_SIZE = ('tensorrt',)


def create_at_once(
    choice: Choice, deploy_model: DeployModel, manifest: ModelManifest, folder: Path, threads: int = 0
) -> Backend:
    """Make a backend that serves at once, see `create_backend`: torch stands in for one that takes long to prepare.

    Args:
        manifest: Of the model.
        folder: Of the model, from which it is loaded once more where there is a stand-in.

    Raises:
        ValueError: The chosen backend, or torch, cannot run here.
    """
    if choice.precision == 'int8':
        # Nothing is prepared there: without the pictures that it takes, the graph is there or it is not.
        prepare(choice, deploy_model, folder)
    if choice.backend not in _EACH_SIZE and is_prepared(choice, deploy_model, folder):
        return create_backend(choice, deploy_model, folder, threads)
    exact = 'float32' if choice.precision == 'float32' else 'auto'
    stand_in = create_backend(choose(manifest, 'torch', choice.device, exact), deploy_model, folder, threads)
    # The stand-in has turned its model into what suits itself.
    return BackendWithStandIn(
        stand_in, str(choice), lambda: create_backend(choice, load_deploy_model(folder)[0], folder)
    )


@dataclass
class _Size:
    """Tell how far the wanted backend is with pixels of one shape and labels of one size."""

    calls: int = 0
    is_ready: bool = False


class BackendWithStandIn:
    """Let a stand-in serve until the wanted backend is made, and is ready for a shape of pixels and a size of labels.

    Making it, and its first calls for each size, are left to a thread of their own. While that is busy the stand-in
    serves all sizes, as a backend runs one batch at a time. What fails there is logged, and the stand-in goes on.

    Args:
        stand_in: Serves at once; it belongs to this one from here on.
        wanted: Name of the other one, for people, such as ``'tensorrt/cuda/float16'``.
        make: Makes the other one, which may take minutes.
    """

    def __init__(self, stand_in: Backend, wanted: str, make: Callable[[], Backend]) -> None:
        self._stand_in = stand_in
        self._wanted_name = wanted
        self._make = make
        self._wanted: Backend | None = None
        self._serving = stand_in
        self._sizes: Recent[tuple[tuple[int, ...], tuple[int, int]], _Size] = Recent(_MOST_SIZES)
        # Again by the thread that has it: a step that is done already calls back at once.
        self._lock = threading.RLock()
        self._closed = False
        self._under_way = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='preparation')
        self._leave_to_the_thread(self._make_wanted)
        logger.info('%s is prepared in the background; %s serves until then', wanted, describe(stand_in))

    @property
    def name(self) -> str:
        """Which backend served last."""
        return self._serving.name

    @property
    def device(self) -> str:
        """Where the one that served last runs."""
        return self._serving.device

    @property
    def precision(self) -> str:
        """What the one that served last computes in."""
        return self._serving.precision

    @property
    def preparing(self) -> str:
        """Name the backend that is being prepared; '' is none."""
        return self._wanted_name if self._under_way and not self._closed else ''

    def infer(
        self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Segment pictures, see `Backend.infer`."""
        found = self._choose(pixels.shape, output_hw).infer(pixels, output_hw)
        self._count(pixels.shape, output_hw)
        return found

    def infer_details(self, pixels: NDArray[np.uint8], output_hw: tuple[int, int]) -> Details:
        """Segment pictures and tell more of them, see `Backend.infer_details`."""
        details = self._choose(pixels.shape, output_hw).infer_details(pixels, output_hw)
        self._count(pixels.shape, output_hw)
        return details

    def grid_logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network alone, see `Backend.grid_logits`; on the backend that served last."""
        return self._serving.grid_logits(pixels)

    def close(self) -> None:
        """Free the memory, see `Backend.close`; that of the wanted backend once it has done what it is at."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._serving = self._stand_in
        self._stand_in.close()
        self._leave_to_the_thread(self._close_wanted)
        # What waits there sees that there is nothing left to do.
        self._thread.shutdown(wait=False)

    def _choose(self, shape: tuple[int, ...], output_hw: tuple[int, int]) -> Backend:
        with self._lock:
            size = self._sizes.get((shape, output_hw), _Size)
            ready = size.is_ready and not self._under_way and not self._closed
            self._serving = self._wanted if ready and self._wanted is not None else self._stand_in
            return self._serving

    def _count(self, shape: tuple[int, ...], output_hw: tuple[int, int]) -> None:
        """Note a call that went well, and have its size prepared if it is worth that."""
        with self._lock:
            size = self._sizes.get((shape, output_hw), _Size)
            size.calls += 1
            if size.calls == _CALLS_WORTH_IT and not self._closed:
                self._leave_to_the_thread(lambda: self._prepare(size, shape, output_hw))

    def _leave_to_the_thread(self, step: Callable[[], None]) -> None:
        with self._lock:
            self._under_way += 1
        self._thread.submit(step).add_done_callback(self._done)

    def _done(self, step: Future[None]) -> None:
        with self._lock:
            self._under_way -= 1
        error = step.exception()
        if error is not None and not self._closed:
            reason = ' '.join(str(error).split()) or type(error).__name__
            logger.error('cannot prepare %s: %s; %s goes on', self._wanted_name, reason, describe(self._stand_in))

    def _make_wanted(self) -> None:
        if not self._closed:
            self._wanted = self._make()

    def _prepare(self, size: _Size, shape: tuple[int, ...], output_hw: tuple[int, int]) -> None:
        if self._closed or self._wanted is None:
            return
        for _ in range(2):
            # Twice, as some record what they do in the second call.
            self._wanted.infer(np.zeros(shape, np.uint8), output_hw)
        size.is_ready = True
        count, height, width, _ = shape
        logger.info(
            '%s is ready for %d of %d x %d px, and serves these in place of %s',
            *(self._wanted_name, count, height, width, describe(self._stand_in)),
        )

    def _close_wanted(self) -> None:
        if self._wanted is not None:
            self._wanted.close()


def describe(backend: Backend) -> str:
    """Say what a backend is: ``'torch/cpu/float32'``."""
    return f'{backend.name}/{backend.device}/{backend.precision}'
