"""Which model runs on what, in words that go from one process to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sfnet_ros.runtime.manifest import MANIFEST_FILE
from sfnet_ros.runtime.segmenter import Segmenter
from sfnet_ros.settings import MOST_THREADS


def check_threads(threads: int) -> None:
    """Refuse a number of CPU threads that cannot be; 0 stands for as many as are usual.

    Raises:
        ValueError: It is none.
    """
    if not 0 <= threads <= MOST_THREADS:
        raise ValueError(
            f'{threads} threads are not accepted; 1 to {MOST_THREADS} are, or 0 for as many as are taken by themselves'
        )


@dataclass(frozen=True)
class SegmenterOptions:
    """Hold the arguments of `Segmenter.from_model`.

    Raises:
        ValueError: A number of threads that cannot be.
    """

    model: str
    backend: str = 'auto'
    device: str = 'auto'
    precision: str = 'auto'
    input_hw: tuple[int, int] | Literal['frame'] | None = None
    threads: int = 0

    def __post_init__(self) -> None:
        check_threads(self.threads)

    def load(self) -> Segmenter:
        """Load the model.

        Raises:
            ValueError: The model, or what it shall run on, is not there or not right.
        """
        return Segmenter.from_model(
            self.model,
            backend=self.backend,
            device=self.device,
            precision=self.precision,
            input_hw=self.input_hw,
            threads=self.threads,
        )

    def load_same(self, weights_sha256: str) -> Segmenter:
        """Load the model where it must be the one that another process has.

        Raises:
            ValueError: Its weights are others, or see `load`.
        """
        segmenter = self.load()
        assert segmenter.manifest is not None
        if segmenter.manifest.weights_sha256 != weights_sha256:
            segmenter.close()
            raise ValueError(f'model {self.model} has other weights here than where the work was planned')
        return segmenter

    def as_chosen_by(self, segmenter: Segmenter) -> SegmenterOptions:
        """Give the options with which any process, in any folder, loads what this segmenter runs, and nothing else."""
        is_folder = (Path(self.model) / MANIFEST_FILE).is_file()
        return replace(
            self,
            model=str(Path(self.model).resolve()) if is_folder else self.model,
            backend=segmenter.backend.name,
            device=segmenter.backend.device,
            precision=segmenter.backend.precision,
        )
