"""Load models on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sfnet_ros.ros.segmentation.loading import LoadedModel, load
from sfnet_ros.ros.segmentation.parameters import NodeParameters


@dataclass(frozen=True)
class LoadRequest:
    """Hold what is being loaded.

    Args:
        parameters: What for.
        base: Model whose weights are taken, if any.
        work: Gives the model, or the reason why there is none.
    """

    parameters: NodeParameters
    base: LoadedModel | None
    work: Future[LoadedModel]


class ModelLoader:
    """Load one model after another; of several requests the newest is the only one that counts."""

    def __init__(self) -> None:
        self.request: LoadRequest | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='loader')

    def start(
        self,
        parameters: NodeParameters,
        base: LoadedModel | None = None,
        frame_hws: Iterable[tuple[int, int]] = (),
        done: Callable[[], object] = lambda: None,
    ) -> Future[LoadedModel]:
        """Begin to load a model, see `load`, instead of the one that was asked for before.

        Args:
            done: Called when the request is through, well or not; on the loader's thread, or on this one.
        """
        self.abandon()
        work = self._thread.submit(load, parameters, base, tuple(frame_hws))
        self.request = LoadRequest(parameters, base, work)
        work.add_done_callback(lambda _: done())
        return work

    def take(self) -> LoadedModel | None:
        """Give the model that was asked for, once, if it is loaded.

        Raises:
            Exception: What loading it raised.
        """
        if self.request is None or not self.request.work.done():
            return None
        work, self.request = self.request.work, None
        return work.result()

    def abandon(self) -> None:
        """Want what is being loaded no longer."""
        if self.request is not None:
            request, self.request = self.request, None
            request.work.cancel()
            # Loading cannot be interrupted, only its fruit be thrown away.
            request.work.add_done_callback(lambda work: _free(work, request.base))

    def close(self) -> None:
        """Load nothing any more."""
        self.abandon()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _free(work: Future[LoadedModel], base: LoadedModel | None) -> None:
    if not work.cancelled() and work.exception() is None and not work.result().shares_with(base):
        work.result().close()
