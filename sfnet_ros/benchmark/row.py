"""What a configuration was measured to do: numbers for programs, a table for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.benchmark.runner import Footprint, Timed
from sfnet_ros.benchmark.text_table import text_table
from sfnet_ros.files import atomic_path


@dataclass(frozen=True)
class Row:
    """Hold what was measured of one configuration; the fields are the keys in JSON.

    Args:
        size: Of frame, network and label map: ``'360x480'``, height by width.
        p50_ms: Median time from the frame in host memory to its label map there.
        p95_ms: Of the same.
        model_ms: Median time of the network alone; on CUDA launched kernel by kernel, which takes longer than the
            recorded graph of a frame's whole way.
        fps: Frames per second at the median.
        gmacs: Billions of the network's multiply-accumulates per second while it runs alone. A convolution that is
            computed with fewer of them (Winograd) counts as the full one.
        peak_percent: Of ``peak_gmacs``.
        peak_gmacs: What products of float32 matrices reached on this machine, in turns with the rows of this size.
        memory_mb: The most memory that its process held, libraries included; None where the system does not tell.
        agreement: Share of the labels that are those of torch in float32, 0 to 1.
        speedup: Median of the baseline over this one's; None where no baseline ran.
        threads: Of the CPU that it computed with.
        repeats: How often it was timed.
    """

    model: str
    backend: str
    device: str
    precision: str
    size: str
    p50_ms: float
    p95_ms: float
    model_ms: float
    fps: float
    gmacs: float
    peak_percent: float
    peak_gmacs: float
    memory_mb: float | None
    agreement: float
    speedup: float | None
    threads: int
    repeats: int


@dataclass(frozen=True)
class Measured:
    """Hold what a configuration gave, as it was measured."""

    configuration: Configuration
    times: Sequence[Timed]
    footprint: Footprint
    agreement: float

    @property
    def p50_ms(self) -> float:
        """Give the median time of a frame."""
        return float(np.median([timed.total_ms for timed in self.times]))


def summarize(measured: Measured, macs: int, peak_gmacs: float, baseline_p50_ms: float | None) -> Row:
    """Make a row of measurements.

    Args:
        measured: At least one time.
        macs: Multiply-accumulates of the network at this size.
        peak_gmacs: Of this machine.
        baseline_p50_ms: Median of the baseline at this size, if it ran.
    """
    choice = measured.configuration.choice
    height, width = measured.configuration.size_hw
    model_ms = float(np.median([timed.model_ms for timed in measured.times]))
    gmacs = macs / model_ms / 1e6
    memory_mb = measured.footprint.memory_mb
    return Row(
        model=measured.configuration.subject.name,
        backend=choice.backend,
        device=choice.device,
        precision=choice.precision,
        size=f'{height}x{width}',
        p50_ms=round(measured.p50_ms, 3),
        p95_ms=round(float(np.percentile([timed.total_ms for timed in measured.times], 95)), 3),
        model_ms=round(model_ms, 3),
        fps=round(1e3 / measured.p50_ms, 3),
        gmacs=round(gmacs, 2),
        peak_percent=round(100 * gmacs / peak_gmacs, 2),
        peak_gmacs=round(peak_gmacs, 2),
        memory_mb=None if memory_mb is None else round(memory_mb, 1),
        agreement=round(measured.agreement, 6),
        speedup=None if baseline_p50_ms is None else round(baseline_p50_ms / measured.p50_ms, 3),
        threads=measured.footprint.threads,
        repeats=len(measured.times),
    )


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as a list of objects."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps([asdict(row) for row in rows], indent=2) + '\n', encoding='utf-8')


def table(rows: Sequence[Row]) -> str:
    """Write rows as lines of text."""
    columns = {
        'model': [row.model for row in rows],
        'backend': [row.backend for row in rows],
        'precision': [row.precision for row in rows],
        'size': [row.size for row in rows],
        'p50 ms': [f'{row.p50_ms:.1f}' for row in rows],
        'p95 ms': [f'{row.p95_ms:.1f}' for row in rows],
        'network ms': [f'{row.model_ms:.1f}' for row in rows],
        'FPS': [f'{row.fps:.1f}' for row in rows],
        'GMAC/s': [f'{row.gmacs:.1f}' for row in rows],
        '% of peak': [f'{row.peak_percent:.0f}' for row in rows],
        'MB': ['' if row.memory_mb is None else f'{row.memory_mb:.0f}' for row in rows],
        'agreement %': [f'{100 * row.agreement:.2f}' for row in rows],
        'speed-up': ['' if row.speedup is None else f'{row.speedup:.2f}x' for row in rows],
    }
    return text_table(columns, words=4)
