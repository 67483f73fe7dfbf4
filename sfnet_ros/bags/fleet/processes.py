"""Spread work over processes of this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, Generic, TypeVar

from sfnet_ros.bags.fleet.workers import ATTEMPTS, Worker
from sfnet_ros.own_process import InOwnProcess

T = TypeVar('T')
R = TypeVar('R')

_logger = logging.getLogger(__name__)


class Processes:
    """Do tasks in processes of their own.

    Args:
        count: How many, where there are as many tasks.

    Raises:
        ValueError: It is none.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f'{count} processes are not accepted; 1 or more are')
        self.count = count

    def map(self, build: Callable[[], Worker[T, R]], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Do tasks; see `Workers.map`."""
        waiting = iter(tasks)
        hands = [_Hand(build, task) for task in islice(waiting, self.count)]
        try:
            while hands:
                ready = wait([hand.hosted.pipe for hand in hands])
                for hand in [hand for hand in hands if hand.hosted.pipe in ready]:
                    try:
                        if not hand.is_built:
                            hand.start()
                            continue
                        result = hand.hosted.result()
                    except ChildProcessError as error:
                        hand.replace(error)
                        continue
                    yield hand.task, result
                    for task in islice(waiting, 1):
                        hand.give(task)
                        break
                    else:
                        hand.retire()
                        hands.remove(hand)
        finally:
            for hand in hands:
                hand.hosted.close()


class _Hand(Generic[T, R]):
    """One process and the task that it has."""

    def __init__(self, build: Callable[[], Worker[T, R]], task: T) -> None:
        self._build = build
        self.hosted = InOwnProcess('a worker', build)
        self.is_built = False
        self.task = task
        self._lost = 0

    def start(self) -> None:
        """Begin the task in the process that is built."""
        self.hosted.wait_until_built()
        self.is_built = True
        self.hosted.begin(_do, self.task)

    def give(self, task: T) -> None:
        """Begin another task."""
        self.task, self._lost = task, 0
        try:
            self.hosted.begin(_do, task)
        except ChildProcessError as error:
            self.replace(error)

    def retire(self) -> None:
        """Let the worker close what it holds, and end its process."""
        with suppress(ChildProcessError):
            self.hosted.call(_close)
        self.hosted.close()

    def replace(self, error: ChildProcessError) -> None:
        """Have another process do the task.

        Raises:
            ChildProcessError: It was lost too often.
        """
        self._lost += 1
        if self._lost == ATTEMPTS:
            raise ChildProcessError(f'{error} (the same work was lost {ATTEMPTS} times)') from error
        _logger.warning('%s; its work is given to another one', error)
        self.hosted.close()
        self.hosted, self.is_built = InOwnProcess('a worker', self._build), False


def _close(worker: Worker[Any, Any]) -> None:
    worker.close()


def _do(worker: Worker[Any, R], task: Any) -> R:
    return worker(task)
