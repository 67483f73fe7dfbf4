"""Spread work over a Ray cluster."""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

from sfnet_ros.bags.fleet.workers import ATTEMPTS, Worker
from sfnet_ros.own_process import attempt

T = TypeVar('T')
R = TypeVar('R')

_logger = logging.getLogger(__name__)

_KNOCK_S = 5.0


class RayCluster:
    """Do tasks on the machines of a cluster, all of which have this package, and the working folder under its path.

    Args:
        address: Of the cluster; '' is that of this machine, or one that is started here.
        threads: Of each worker.
        on_gpu: Whether each needs a GPU.
        count: How many workers, where there are as many tasks; None is as many as the cluster has room for.

    Raises:
        ValueError: Ray is not installed, there is no such cluster, or it has no room.
    """

    def __init__(self, address: str, threads: int, on_gpu: bool, count: int | None = None) -> None:
        self._ray = _connect(address)
        machines = [node['Resources'] for node in self._ray.nodes() if node['Alive']]
        # More than any machine has would be waited for without end.
        cpus = min(threads, max(int(machine.get('CPU', 0)) for machine in machines))
        self._needs = {'num_gpus': 1, 'num_cpus': 0} if on_gpu else {'num_cpus': max(1, cpus)}
        kind, each = ('GPU', 1) if on_gpu else ('CPU', max(1, cpus))
        room = sum(int(machine.get(kind, 0)) // each for machine in machines)
        if not room:
            raise ValueError(f'the Ray cluster has no {kind}, and each worker needs one: add a machine to it')
        self.count = room if count is None else count
        if self.count < 1:
            raise ValueError(f'{count} workers are not accepted; 1 or more are')

    def map(self, build: Callable[[], Worker[T, R]], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Do tasks; see `Workers.map`."""
        later = iter(tasks)
        errands = deque(_Errand(task) for task in islice(later, self.count))
        crew = _Crew[T](self._ray, self._needs, build)
        try:
            for _ in errands:
                crew.hire()
            while errands or crew.is_busy:
                actor, errand, answer = crew.wait()
                try:
                    result = crew.open(answer)
                except ChildProcessError as error:
                    crew.replace(actor, errand, error)
                    errands.extendleft([errand] if errand else [])
                    continue
                if errand:
                    yield errand.task, result
                errands.extend(_Errand(task) for task in islice(later, 0 if errands else 1))
                if errands:
                    crew.send(actor, errands.popleft())
                else:
                    crew.retire(actor)
        finally:
            crew.dismiss()


@dataclass
class _Errand(Generic[T]):
    """Hold a task, and how often it was lost."""

    task: T
    losses: int = 0


class _Crew(Generic[T]):
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
        self._hands: dict[Any, tuple[Any, _Errand[T] | None]] = {}
        self._losses_of_builds = 0

    @property
    def is_busy(self) -> bool:
        """Tell whether any has an errand."""
        return any(errand for _, errand in self._hands.values())

    def hire(self) -> None:
        """Have one more built."""
        actor = self._host.remote()
        self._hands[actor.build.remote(self._build, os.getcwd())] = actor, None

    def wait(self) -> tuple[Any, _Errand[T] | None, Any]:
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

    def send(self, actor: Any, errand: _Errand[T]) -> None:
        """Give an errand to one that is built."""
        self._losses_of_builds = 0
        self._hands[actor.do.remote(errand.task)] = actor, errand

    def replace(self, actor: Any, errand: _Errand[T] | None, error: ChildProcessError) -> None:
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


def _knock(address: str) -> None:
    """Raise OSError where nobody answers: Ray itself tries that for minutes."""
    host, _, port = address.removeprefix('ray://').rpartition(':')
    if host:
        socket.create_connection((host.strip('[]'), int(port)), _KNOCK_S).close()


def _connect(address: str) -> Any:
    """Connect to a cluster; without an address to that of this machine, or start one."""
    # Read when it is imported.
    os.environ.setdefault('RAY_usage_stats_enabled', '0')
    try:
        import ray
    except ImportError as error:
        raise ValueError("Ray is not installed: pip install 'sfnet_ros[ray]', or leave out --ray") from error
    if not ray.is_initialized():
        try:
            _knock(address)
            ray.init(address or None, include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
        except (OSError, OverflowError, RuntimeError, ValueError) as error:
            # Ray's own sentences are paragraphs.
            first_line = str(error).strip().partition('\n')[0]
            raise ValueError(
                f'there is no Ray cluster to join at {address or "this machine"} ({first_line}); HOST:PORT of one that '
                '`ray start --head` has started is accepted'
            ) from error
    return ray
