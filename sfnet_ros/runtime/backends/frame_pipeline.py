"""The way of one batch over a GPU: up from pinned memory, through a recorded graph, and down again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sfnet_ros.runtime.backends.device_gate import DEVICE_GATE

# Of one upload: while it is under way, the next one is copied into pinned memory.
_BAND_BYTES = 2 << 20
# A size that comes once is not worth a graph.
_CALLS_BEFORE_RECORDING = 1


class FramePipeline:
    """Run the same work on batches of one shape again and again, on a stream and in memory of its own.

    The first batch goes through the work as it stands; for the second one it is recorded as a CUDA graph, with memory
    of its own, and from there on replayed: no launch costs the CPU anything, and nothing is allocated on the device.

    Args:
        shape: Pictures at once, their height and their width.
        device: A CUDA device.
        work: Makes labels and confidences ``(2, N, height, width)`` uint8 of pixels ``(N, H, W, 3)`` uint8, both on the
            device; it always does the same, whatever the pixels are.
    """

    def __init__(self, shape: tuple[int, int, int], device: torch.device, work: Callable[[Tensor], Tensor]) -> None:
        self._work = work
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # What the work reads, such as weights, was written on the stream of whoever made it.
        self._stream.wait_stream(torch.cuda.current_stream(device))
        self._staged = torch.empty((*shape, 3), dtype=torch.uint8, pin_memory=True)
        with torch.cuda.stream(self._stream):
            self._pixels = torch.empty((*shape, 3), dtype=torch.uint8, device=device)
        self._done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._found: Tensor | None = None
        self._calls = 0

    def __call__(self, pixels: Tensor) -> NDArray[np.uint8]:
        """Run a batch, and wait for it; one thread at a time, in inference mode.

        Args:
            pixels: ``(N, H, W, 3)`` uint8 on the CPU, of the shape of this pipeline.

        Returns:
            What the work makes of them, in pinned memory that is the caller's, and torch's again when he drops it.
        """
        if self._graph is None and self._calls >= _CALLS_BEFORE_RECORDING:
            self._record()
        self._calls += 1
        with torch.cuda.stream(self._stream):
            for picture, rows in bands(pixels.shape):
                self._staged[picture, rows].copy_(pixels[picture, rows])
                self._pixels[picture, rows].copy_(self._staged[picture, rows], non_blocking=True)
            if self._graph is None:
                self._found = self._work(self._pixels)
            else:
                self._graph.replay()
            assert self._found is not None
            found = torch.empty(self._found.shape, dtype=torch.uint8, pin_memory=True)
            found.copy_(self._found, non_blocking=True)
            self._done.record(self._stream)
        self._done.synchronize()
        return np.asarray(found.numpy())

    def _record(self) -> None:
        with DEVICE_GATE.recording() as may:
            # A frame waits for nobody: it goes without a graph until there is a moment.
            if may:
                # cuDNN and cuBLAS set themselves up in the first call of every thread, and allocate, which cannot be
                # recorded; and the calls before may have been of another thread.
                with torch.cuda.stream(self._stream):
                    self._work(self._pixels)
                graph = torch.cuda.CUDAGraph()
                # Not on the pipeline's own: where another thread drops labels of a frame before, torch notes on that
                # stream when their pinned memory is free, and must not note it in the graph.
                stream = torch.cuda.Stream(self._stream.device)  # type: ignore[no-untyped-call]
                # Other threads may go on with the GPU meanwhile, but for what the gate is for.
                with torch.cuda.graph(graph, stream=stream, capture_error_mode='thread_local'):
                    self._found = self._work(self._pixels)
                self._graph = graph


def bands(shape: torch.Size | tuple[int, ...]) -> Iterator[tuple[int, slice]]:
    """Part pictures ``(N, H, W, 3)`` of bytes into runs of rows: the picture, and its rows from top to bottom."""
    count, height, width, channels = shape
    step = max(1, _BAND_BYTES // (width * channels))
    for picture in range(count):
        for top in range(0, height, step):
            yield picture, slice(top, min(top + step, height))
