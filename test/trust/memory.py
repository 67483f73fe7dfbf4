"""The resident memory of a process, held against what it was when the process had warmed up."""

from __future__ import annotations

from pathlib import Path

_MB = 1024


class Memory:
    """Measure the resident memory of a process over a run.

    Args:
        pid: The process.
        warm_up: From which step of the run on it is measured.
    """

    def __init__(self, pid: int, warm_up: int) -> None:
        self._status = Path(f'/proc/{pid}/status')
        self._warm_up = warm_up
        self._samples_mb: list[float] = []

    def sample(self, step: int) -> None:
        """Measure at a step of the run; the warm-up is passed over."""
        if step >= self._warm_up:
            self._samples_mb.append(self.resident_mb())

    def resident_mb(self) -> float:
        """Give the resident memory now."""
        (line,) = [line for line in self._status.read_text().splitlines() if line.startswith('VmRSS:')]
        return int(line.split()[1]) / _MB

    @property
    def growth(self) -> float:
        """Give by how much the memory was ever above the first sample, as a share of that."""
        return max(self._samples_mb) / self._samples_mb[0] - 1

    def __str__(self) -> str:
        first, last = self._samples_mb[0], len(self._samples_mb) - 1
        quarters = ', '.join(f'{self._samples_mb[last * quarter // 4]:.1f}' for quarter in range(1, 5))
        return f'resident {first:.1f} MB after the warm-up, {quarters} MB at its quarters ({self.growth:+.2%} at most)'
