"""What became of the frames of a camera, and how long they took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sfnet_ros.ros.segmentation.health.window import Window

WINDOW_S = 10.0


@dataclass(frozen=True)
class FrameCounts:
    """Count what became of the frames of a camera; received is the sum of the others and of the frames on their way."""

    received: int = 0
    dropped: int = 0
    skipped: int = 0
    processed: int = 0
    malformed: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return (
            f'{self.received} frames received: {self.processed} processed, {self.dropped} dropped for newer ones, '
            f'{self.skipped} skipped, {self.malformed} malformed, {self.failed} failed'
        )


@dataclass(frozen=True)
class FrameTiming:
    """Tell how long a frame took.

    Args:
        age_ms: From its stamp to its receipt, by the node's clock; below 0 for a stamp in the future.
        decode_ms: From the message to its pixels.
        infer_ms: From the pixels to the labels.
        publish_ms: From the labels to the last output.
        total_ms: From the receipt to the last output, with the time that it waited in between.
    """

    age_ms: float
    decode_ms: float
    infer_ms: float
    publish_ms: float
    total_ms: float


@dataclass(frozen=True)
class Percentiles:
    """Hold the 50th, 95th and 99th percentile of some milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class VitalsSummary:
    """Sum up the last ten seconds of a camera.

    Args:
        rate_in: Frames received a second.
        rate_out: Frames served a second.
        drop_rate: Share of the received frames that were dropped for newer ones; what ``max_rate`` skips is in neither.
        malformed: How many frames were malformed.
        latency_ms: Of each part by name: ``arrival age`` of all received frames; ``decode``, ``infer``, ``publish``,
            ``total`` and ``label age`` (from the stamp to the last output) of those served. A part of no frame is not
            there.
        failures_in_a_row: How many frames the model has failed on since it last served one.
        last_error: What was last wrong with a frame, however long ago; '' is nothing ever.
        silent_s: Seconds since a frame was received; None is never.
    """

    rate_in: float
    rate_out: float
    drop_rate: float
    malformed: int
    latency_ms: dict[str, Percentiles]
    failures_in_a_row: int
    last_error: str
    silent_s: float | None


class Vitals:
    """Keep count and time of the frames of a camera; any thread may tell and ask.

    Args:
        now: Gives the time in seconds, by a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._counts = FrameCounts()
        self._ages = Window[float](WINDOW_S)
        self._timings = Window[FrameTiming](WINDOW_S)
        self._dropped = Window[int](WINDOW_S)
        self._skipped = Window[int](WINDOW_S)
        self._malformed = Window[int](WINDOW_S)
        self._failures_in_a_row = 0
        self._last_error = ''
        self._last_received_s: float | None = None

    @property
    def counts(self) -> FrameCounts:
        """Give the counts since the beginning."""
        return self._counts

    def received(self, age_ms: float) -> None:
        """Note that a frame came, so many milliseconds after its stamp."""
        with self._lock:
            self._counts = replace(self._counts, received=self._counts.received + 1)
            self._last_received_s = self._now()
            self._ages.note(age_ms, self._last_received_s)

    def dropped(self, n: int = 1) -> None:
        """Note frames that were dropped for newer ones, or when the intake closed."""
        if n:
            with self._lock:
                self._counts = replace(self._counts, dropped=self._counts.dropped + n)
                self._dropped.note(n, self._now())

    def skipped(self) -> None:
        """Note a frame that ``max_rate`` leaves out."""
        with self._lock:
            self._counts = replace(self._counts, skipped=self._counts.skipped + 1)
            self._skipped.note(1, self._now())

    def malformed(self, sentence: str) -> None:
        """Note a frame that could not be read, and why."""
        with self._lock:
            self._counts = replace(self._counts, malformed=self._counts.malformed + 1)
            self._malformed.note(1, self._now())
            self._last_error = sentence

    def failed(self, sentence: str) -> None:
        """Note a frame that the model failed on, and why."""
        with self._lock:
            self._counts = replace(self._counts, failed=self._counts.failed + 1)
            self._failures_in_a_row += 1
            self._last_error = sentence

    def served(self, timing: FrameTiming) -> None:
        """Note a frame whose outputs are all published."""
        with self._lock:
            self._counts = replace(self._counts, processed=self._counts.processed + 1)
            self._failures_in_a_row = 0
            self._timings.note(timing, self._now())

    def summary(self) -> VitalsSummary:
        """Sum up the last ten seconds."""
        with self._lock:
            now_s = self._now()
            ages, timings = self._ages.values(now_s), self._timings.values(now_s)
            dropped, skipped = sum(self._dropped.values(now_s)), sum(self._skipped.values(now_s))
            return VitalsSummary(
                rate_in=self._ages.rate(now_s),
                rate_out=self._timings.rate(now_s),
                # A dropped frame may stay in the window for longer than its receipt.
                drop_rate=min(1.0, dropped / max(1, len(ages) - skipped)),
                malformed=sum(self._malformed.values(now_s)),
                latency_ms=_latency_ms(ages, timings),
                failures_in_a_row=self._failures_in_a_row,
                last_error=self._last_error,
                silent_s=None if self._last_received_s is None else now_s - self._last_received_s,
            )


def _percentiles(values: Sequence[float]) -> Percentiles:
    return Percentiles(*np.percentile(values, (50, 95, 99)).tolist())


def _latency_ms(ages: list[float], timings: list[FrameTiming]) -> dict[str, Percentiles]:
    parts = {
        'arrival age': ages,
        'decode': [timing.decode_ms for timing in timings],
        'infer': [timing.infer_ms for timing in timings],
        'publish': [timing.publish_ms for timing in timings],
        'total': [timing.total_ms for timing in timings],
        'label age': [timing.age_ms + timing.total_ms for timing in timings],
    }
    return {name: _percentiles(values) for name, values in parts.items() if values}
