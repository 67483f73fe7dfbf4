"""What all ways to spread work have in common, and the way without spreading it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Protocol, TypeVar

T_contra = TypeVar('T_contra', contravariant=True)
R_co = TypeVar('R_co', covariant=True)
T = TypeVar('T')
R = TypeVar('R')

# How often a task may be lost with its worker until it is held for the cause.
ATTEMPTS = 3


class Worker(Protocol[T_contra, R_co]):
    """Do tasks one after the other, keeping open what the next one may need too."""

    def __call__(self, task: T_contra) -> R_co:
        """Do a task; what it gives depends on nothing but the task."""
        ...

    def close(self) -> None:
        """Let go of what was kept open."""
        ...


class Workers(Protocol):
    """Have tasks done."""

    @property
    def count(self) -> int:
        """Say how many are done at a time."""
        ...

    def map(self, build: Callable[[], Worker[T, R]], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Do tasks, each until it is done once: that of a worker which is lost is given to another one.

        Args:
            build: Makes a worker where it works; it goes there as `pickle` has it, as do tasks and results.
            tasks: Asked for as workers become free.

        Yields:
            Tasks and what they gave, in the order of becoming ready.

        Raises:
            ChildProcessError: A task was lost several times.
            Exception: What a worker raised.
        """
        ...


class InThisProcess:
    """Do tasks here, one after the other."""

    count = 1

    def map(self, build: Callable[[], Worker[T, R]], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Do tasks; see `Workers.map`."""
        with closing(build()) as worker:
            for task in tasks:
                yield task, worker(task)
