"""What runs a configuration, in a process of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.benchmark.pipeline import open_pipeline


@dataclass(frozen=True)
class Timed:
    """Tell what one frame took.

    Args:
        total_ms: From the frame in host memory to its label map there.
        model_ms: The network alone.
    """

    total_ms: float
    model_ms: float


@dataclass(frozen=True)
class Footprint:
    """Tell what a runner takes of the machine.

    Args:
        memory_mb: The most that its process has held at once, with all its libraries; None where the system has no
            /proc.
        threads: Of the CPU that it computes with.
    """

    memory_mb: float | None
    threads: int


class Runner:
    """Label the frames that it holds.

    Args:
        configuration: What runs.
        frames: ``(H, W, 3)`` each, of the configuration's size.

    Raises:
        ValueError: The configuration is not there on this machine.
    """

    def __init__(self, configuration: Configuration, frames: Sequence[NDArray[np.uint8]]) -> None:
        if configuration.threads:
            # All backends take as many as torch.
            torch.set_num_threads(configuration.threads)
        self._frames = frames
        self._pipeline = open_pipeline(configuration)

    def label_maps(self) -> list[NDArray[np.uint8]]:
        """Label all frames, ``(H, W)`` train ids each; this warms up too."""
        return [self._pipeline.label(rgb).astype(np.uint8) for rgb in self._frames]

    def time(self, index: int) -> Timed:
        """Time one frame, after an untimed run that brings weights back into the caches and wakes the threads.

        Others have run since this one's last turn; on a robot it is the same network that runs frame after frame.
        """
        rgb = self._frames[index % len(self._frames)]
        self._pipeline.run_network(rgb)
        return Timed(
            total_ms=_milliseconds(lambda: self._pipeline.label(rgb)),
            model_ms=_milliseconds(lambda: self._pipeline.run_network(rgb)),
        )

    def footprint(self) -> Footprint:
        """Tell what this process takes, at any time after the work."""
        return Footprint(_peak_memory_mb(), torch.get_num_threads())


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def _peak_memory_mb() -> float | None:
    # Not ru_maxrss: a process inherits it from the one that started it.
    status = Path('/proc/self/status')
    found = re.search(r'VmHWM:\s+(\d+) kB', status.read_text(encoding='ascii')) if status.is_file() else None
    return int(found[1]) / 1000 if found else None
