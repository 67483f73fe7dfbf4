"""The workers on a Ray cluster, and what each of them is at."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from sfnet_ros.bags.fleet.workers import ATTEMPTS, Worker
from sfnet_ros.own_process import attempt

T = TypeVar('T')
R = TypeVar('R')

_logger = logging.getLogger(__name__)


@dataclass
class Errand(Generic[T]):
    """Hold a task, and how often it was lost."""

    task: T
    losses: int = 0


class Crew(Generic[T]):
    """Keep the workers of a cluster, each an actor, and know what each is at.

    Args:
        ray: The library.
        needs: Of each worker, as Ray has them.
        build: Makes a worker where it works.
    """

    def __init__(self, ray: Any, needs: dict[str, int], build: Callable[[], Worker[T, Any]]) -> None:
        self._ray = ray
        # What is lost is told to this process, which counts it, and is not tried again by Ray itself.
        self._host = ray.remote(max_restarts=0, max_task_retries=0, **needs)(_Host)
        self._build = build
        # By the answers that they will give; without an errand one is being built, or waits for room on a machine.
        self._hands: dict[Any, tuple[Any, Errand[T] | None]] = {}
        self._losses_of_builds = 0

    @property
    def is_busy(self) -> bool:
        """Tell whether any has an errand."""
        return any(errand for _, errand in self._hands.values())

    def hire(self) -> None:
        """Have one more built."""
        actor = self._host.remote()
        self._hands[actor.build.remote(self._build, os.getcwd())] = actor, None

    def wait(self) -> tuple[Any, Errand[T] | None, Any]:
        """Wait for one of them: who it is, what it was at, and its answer."""
        (answer,), _ = self._ray.wait(list(self._hands), num_returns=1)
        actor, errand = self._hands.pop(answer)
        return actor, errand, answer

    def open(self, answer: Any) -> Any:
        """Look at an answer.

        Raises:
            ChildProcessError: The worker, or its answer, was lost.
            Exception: What it raised.
        """
        errors = self._ray.exceptions
        try:
            succeeded, result = self._ray.get(answer)
        except errors.RayTaskError:
            # A fault of the program, and no loss.
            raise
        except errors.RayError as error:
            first_line = str(error).strip().partition('\n')[0].rstrip('.:')
            raise ChildProcessError(f'a worker of the cluster was lost: {first_line}') from error
        if not succeeded:
            raise result
        return result

    def send(self, actor: Any, errand: Errand[T]) -> None:
        """Give an errand to one that is built."""
        self._losses_of_builds = 0
        self._hands[actor.do.remote(errand.task)] = actor, errand

    def replace(self, actor: Any, errand: Errand[T] | None, error: ChildProcessError) -> None:
        """Have another one built for one that is lost.

        Raises:
            ChildProcessError: What it was at was lost too often.
        """
        self._ray.kill(actor)
        if errand:
            errand.losses += 1
        else:
            self._losses_of_builds += 1
        if ATTEMPTS in (self._losses_of_builds, errand.losses if errand else 0):
            raise ChildProcessError(f'{error} (the same work was lost {ATTEMPTS} times)') from error
        _logger.warning('%s; its work is given to another one', error)
        self.hire()

    def retire(self, actor: Any) -> None:
        """Let a worker close what it holds, and end it."""
        with suppress(self._ray.exceptions.RayError):
            self._ray.get(actor.close.remote())
        self._ray.kill(actor)

    def dismiss(self) -> None:
        """End all that are left."""
        for actor, _ in self._hands.values():
            self._ray.kill(actor)


class _Host:
    """Host a worker in a process of the cluster."""

    def build(self, build: Callable[[], Worker[Any, Any]], folder: str) -> tuple[bool, Any]:
        """Build it, in the folder in which paths were meant."""
        succeeded, result = attempt(partial(_build_in, folder, build))
        if succeeded:
            self._worker: Worker[Any, Any] = result
        return succeeded, None if succeeded else result

    def do(self, task: Any) -> tuple[bool, Any]:
        """Do a task."""
        return attempt(partial(self._worker, task))

    def close(self) -> None:
        """Let the worker close what it holds."""
        self._worker.close()


def _build_in(folder: str, build: Callable[[], Worker[T, R]]) -> Worker[T, R]:
    try:
        os.chdir(folder)
    except OSError as error:
        raise ValueError(
            f'a machine of the cluster has no folder {folder} ({error.strerror}): run the command in one that all of '
            'them share'
        ) from error
    return build()
