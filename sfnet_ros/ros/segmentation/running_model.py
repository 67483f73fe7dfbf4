"""The model that serves frames, and its exchange for another one between two of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sfnet_ros.ros.segmentation.loading import LoadedModel


class RunningModel:
    """Hold the model that runs, and the one that is to run from the next frame on.

    Args:
        announce: Called with a new model before it serves its first frame, on the thread that calls `settle`.
    """

    def __init__(self, announce: Callable[[LoadedModel], None]) -> None:
        self._announce = announce
        self._lock = threading.Lock()
        self._current: LoadedModel | None = None
        self._offered: LoadedModel | None = None

    @property
    def newest(self) -> LoadedModel | None:
        """Give the model that was offered last, whether or not it serves yet."""
        with self._lock:
            return self._offered or self._current

    def offer(self, model: LoadedModel) -> None:
        """Let a model serve from the next frame on; any thread may."""
        with self._lock:
            passed_over, self._offered = self._offered, model
            in_use = (model, self._current)
        if passed_over is not None and not any(map(passed_over.shares_with, in_use)):
            passed_over.close()

    def settle(self) -> LoadedModel:
        """Give the model for the next frame; called by the one thread that serves frames, or by any while none does."""
        with self._lock:
            former, offered = self._current, self._offered
            if offered is None:
                assert former is not None
                return former
            self._current, self._offered = offered, None
        self._announce(offered)
        if former is not None and not former.shares_with(offered):
            # To give memory back to the system takes longer than a frame should wait.
            threading.Thread(target=former.close, name='release').start()
        return offered

    def close(self) -> None:
        """Free all that there is, when no frame is served any more."""
        with self._lock:
            models, self._current, self._offered = (self._current, self._offered), None, None
        for model in models:
            if model is not None:
                model.close()
