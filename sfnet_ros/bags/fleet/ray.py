"""Spread work over a Ray cluster."""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sfnet_ros.bags.fleet.ray_crew import Crew, Errand
from sfnet_ros.bags.fleet.workers import Worker

T = TypeVar('T')
R = TypeVar('R')

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
        errands = deque(Errand(task) for task in islice(later, self.count))
        crew = Crew[T](self._ray, self._needs, build)
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
                errands.extend(Errand(task) for task in islice(later, 0 if errands else 1))
                if errands:
                    crew.send(actor, errands.popleft())
                else:
                    crew.retire(actor)
        finally:
            crew.dismiss()


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
