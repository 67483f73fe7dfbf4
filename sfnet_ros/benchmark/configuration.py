"""One row of a benchmark: what runs, on what, at which size."""

from __future__ import annotations

from dataclasses import dataclass

from sfnet_ros.benchmark.subject import Subject
from sfnet_ros.runtime.backends import Choice


@dataclass(frozen=True)
class Configuration:
    """Say what is measured in one row.

    Args:
        subject: The network.
        choice: What it runs on; the backend ``'baseline'`` is `Baseline`.
        size_hw: Of the frames, of the network and of the label maps.
        threads: Of the CPU; 0 for as many as torch takes by itself.
    """

    subject: Subject
    choice: Choice
    size_hw: tuple[int, int]
    threads: int = 0

    @property
    def place(self) -> str:
        """Say what those have in common that are compared: ``'df1_camvid at 360x480'``."""
        height, width = self.size_hw
        return f'{self.subject.name} at {height}x{width}'

    def __str__(self) -> str:
        return f'{self.choice.backend}/{self.choice.precision} of {self.place}'
