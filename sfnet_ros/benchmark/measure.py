"""Measure configurations in turns, so that a noisy machine hits all of them alike."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.benchmark.baseline import BASELINE
from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.benchmark.pairs import NotRun
from sfnet_ros.benchmark.peak import MatmulPeak
from sfnet_ros.benchmark.row import Measured, Row, summarize
from sfnet_ros.benchmark.runner import Runner, Timed
from sfnet_ros.evaluation import LabelAgreement
from sfnet_ros.network.cost import multiply_accumulates
from sfnet_ros.own_process import ERRORS, InOwnProcess
from sfnet_ros.runtime.backends import Choice
from sfnet_ros.runtime.resizing import resize

# A median of fewer says little.
_FEWEST_ROUNDS = 3

_Frames = Sequence[NDArray[np.uint8]]
_Runners = dict[Configuration, InOwnProcess[Runner]]


@dataclass(frozen=True)
class Budget:
    """Say how long to measure.

    Args:
        repeats: Rounds, in each of which every configuration is timed once; None: as many as the seconds allow.
        seconds: For the rounds of one network at one size, however few they are; at least three are done.

    Raises:
        ValueError: There is no time to measure in.
    """

    repeats: int | None = None
    seconds: float = 20.0

    def __post_init__(self) -> None:
        if self.repeats is not None and self.repeats < 1:
            raise ValueError(f'{self.repeats} repeats were asked for; accepted is 1 or more')
        if not 0 < self.seconds < float('inf'):
            raise ValueError(f'{self.seconds} seconds were asked for; a number above 0 is accepted')

    def rounds(self) -> Iterator[int]:
        """Count rounds until it is enough."""
        started, index = time.monotonic(), 0
        while (
            index < self.repeats
            if self.repeats is not None
            else index < _FEWEST_ROUNDS or time.monotonic() - started < self.seconds
        ):
            yield index
            index += 1


def measure(
    configurations: Sequence[Configuration], frames: _Frames, budget: Budget, on_step: Callable[[], object]
) -> tuple[list[Row], list[NotRun]]:
    """Measure configurations of one network at one size.

    Each runs in a process of its own, where neither the threads nor the memory of another one are.

    Args:
        configurations: At least one; they differ in what they run on alone.
        frames: ``(H, W, 3)`` each, brought to that size beforehand.
        budget: How long.
        on_step: Called after each thing that takes a while.

    Returns:
        A row for each configuration, in their order, and what could not be run.
    """
    size_hw, device, threads = configurations[0].size_hw, configurations[0].choice.device, configurations[0].threads
    resized = [resize(rgb, size_hw) for rgb in frames]
    with ExitStack() as stack:
        runners = {
            each: stack.enter_context(InOwnProcess(str(each), partial(Runner, each, resized)))
            for each in _with_reference(configurations)
        }
        peak = stack.enter_context(InOwnProcess('the matrix products', partial(MatmulPeak, device, threads)))
        agreements, not_run = _hold_against_reference(runners, on_step)
        runners = {
            configuration: runners[configuration] for configuration in configurations if configuration in agreements
        }
        times = _time_in_turns(runners, peak, budget, on_step)
        measured = [
            Measured(configuration, times[configuration], runner.call(Runner.footprint), agreements[configuration])
            for configuration, runner in runners.items()
        ]
        peak_gmacs = peak.call(MatmulPeak.gmacs)
    baselines = [entry.p50_ms for entry in measured if entry.configuration.choice.backend == BASELINE]
    macs = multiply_accumulates(configurations[0].subject.load(), size_hw)
    return [summarize(entry, macs, peak_gmacs, baselines[0] if baselines else None) for entry in measured], not_run


def _with_reference(configurations: Sequence[Configuration]) -> list[Configuration]:
    """Put what labels are compared with first, measured or not."""
    reference = _reference_of(configurations[0])
    return [reference, *(configuration for configuration in configurations if configuration != reference)]


def _reference_of(configuration: Configuration) -> Configuration:
    return replace(configuration, choice=Choice('torch', configuration.choice.device, 'float32'))


def _hold_against_reference(
    runners: _Runners, on_step: Callable[[], object]
) -> tuple[dict[Configuration, float], list[NotRun]]:
    """Give the share of equal labels of each runner, the first being the reference; leave out what fails."""
    (_, first), *others = runners.items()
    expected = first.call(Runner.label_maps)
    on_step()
    shares, not_run = {next(iter(runners)): 1.0}, list[NotRun]()
    for configuration, runner in others:
        try:
            found = runner.call(Runner.label_maps)
        except ERRORS as error:
            not_run.append(NotRun.because_of(str(configuration), error))
            continue
        agreement = LabelAgreement()
        for label_map, reference in zip(found, expected, strict=True):
            agreement.update(label_map, reference)
        shares[configuration] = agreement.share
        on_step()
    return shares, not_run


def _time_in_turns(
    runners: _Runners, peak: InOwnProcess[MatmulPeak], budget: Budget, on_step: Callable[[], object]
) -> dict[Configuration, list[Timed]]:
    times: dict[Configuration, list[Timed]] = {configuration: [] for configuration in runners}
    # Nobody always runs after the same one.
    dice = random.Random(0)
    for index in budget.rounds():
        peak.call(MatmulPeak.measure)
        for configuration in dice.sample(list(runners), len(runners)):
            times[configuration].append(runners[configuration].call(Runner.time, index))
            on_step()
    return times
