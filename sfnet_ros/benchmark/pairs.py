"""Which backends and precisions are measured, and why others are not."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sfnet_ros.benchmark.subject import Subject
from sfnet_ros.keys import nearest
from sfnet_ros.network.precision import is_native
from sfnet_ros.own_process import ERRORS
from sfnet_ros.runtime.backends import Choice, pairs, prepare, why_not
from sfnet_ros.runtime.backends.device import check_device, default_device


@dataclass(frozen=True)
class NotRun:
    """Say what is not measured, and why."""

    what: str
    reason: str

    @classmethod
    def because_of(cls, what: str, error: Exception) -> NotRun:
        """Take an error for the reason."""
        return cls(what, ' '.join(str(error).split()) or type(error).__name__)

    def __str__(self) -> str:
        return f'{self.what}: {self.reason}'


def choose_pairs(
    device: str, backends: Collection[str] = (), precisions: Collection[str] = (), *, natively: bool
) -> tuple[list[Choice], list[NotRun]]:
    """Choose what a model is run on.

    Args:
        device: ``'auto'``, ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.
        backends: Only these; empty: all.
        precisions: Only these; empty: all.
        natively: Leave out precisions that the device computes in by way of others, which takes longer than float32.

    Returns:
        What there is, and what there is not with the reason.

    Raises:
        ValueError: A name is not known, nothing of one is there, or one of the pairs that both make is not.
    """
    if device == 'auto':
        device = default_device()
    check_device(device)
    choices, not_run = list[Choice](), list[NotRun]()
    for backend, precision in _asked_for(device, backends, precisions):
        reason = why_not(device, backend, precision)
        if not reason and natively and not is_native(device, precision):
            reason = f'{device} does not compute in {precision} natively; ask for it with --precision {precision}'
        if reason:
            not_run.append(NotRun(f'{backend}/{precision}', reason))
        else:
            choices.append(Choice(backend, device, precision))
    named = {choice.backend for choice in choices}.issuperset(backends)
    if not_run and (not choices or not named or (backends and precisions)):
        raise ValueError('; '.join(dict.fromkeys(entry.reason for entry in not_run)))
    return choices, not_run


def _asked_for(device: str, backends: Collection[str], precisions: Collection[str]) -> Iterable[tuple[str, str]]:
    there = pairs(device)
    if backends and precisions:
        return itertools.product(backends, precisions)
    if backends:
        # Of one that does not run on this device, any pair tells why.
        elsewhere = [(name, 'float32') for name in backends if name not in {backend for backend, _ in there}]
        return [*elsewhere, *(pair for pair in there if pair[0] in backends)]
    known = {precision for _, precision in there}
    for precision in precisions:
        if precision not in known:
            raise ValueError(f'precision {precision!r} is not there on {device}; {nearest(precision, known)}')
    return [pair for pair in there if not precisions or pair[1] in precisions]


def prepare_pairs(subject: Subject, choices: Iterable[Choice]) -> tuple[list[Choice], list[NotRun]]:
    """Make the files that backends run, once, before several processes want them at a time.

    Returns:
        What can run, and what cannot with the reason.
    """
    deploy_model = subject.load_deploy_model()
    ready, not_run = list[Choice](), list[NotRun]()
    for choice in choices:
        try:
            if choice.backend != 'torch':
                prepare(choice, deploy_model, subject.folder)
        except ERRORS as error:
            not_run.append(NotRun.because_of(f'{choice.backend}/{choice.precision} of {subject.name}', error))
        else:
            ready.append(choice)
    return ready, not_run
