"""Label recordings: compute the chunks that are missing, then write each recording in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from sfnet_ros.bags.fleet.workers import Workers
from sfnet_ros.bags.label.assemble import LabelledBag, assemble
from sfnet_ros.bags.label.job import LabelJob
from sfnet_ros.bags.label.work_folder import WorkFolder
from sfnet_ros.bags.label.worker import LabelTask, LabelWorker, count_frames
from sfnet_ros.bags.parts import Progress


class LabelProgress(Progress, Protocol):
    """Hear besides of what is done already."""

    def kept(self, frames: int) -> None:
        """Frames need not be labelled, as they were before."""
        ...


class Labelling:
    """Label recordings with some workers.

    Args:
        jobs: What is to be done; outputs that exist were refused before.
        workers: What does it.
        progress: Told of it.
    """

    def __init__(self, jobs: Sequence[LabelJob], workers: Workers, progress: LabelProgress) -> None:
        self._jobs = jobs
        self._workers = workers
        self._progress = progress
        # Those begun and not finished, by their place among the jobs, and the chunks that each is waiting for.
        self._begun: dict[int, WorkFolder] = {}
        self._missing: dict[int, set[int]] = {}

    def run(self) -> Iterator[LabelledBag]:
        """Label the recordings.

        Yields:
            Each, when it has its name.

        Raises:
            BagError: A recording changed meanwhile, or another process is at work on it.
            OSError: The disk is full, or a folder cannot be written; what was labelled is kept for the next time.
        """
        try:
            for task, data in self._workers.map(LabelWorker, self._tasks()):
                work = self._begun[task.job]
                with _said_where_the_work_is(work):
                    work.put(task.number, data)
                self._progress.done(count_frames(data))
                self._missing[task.job].remove(task.number)
                yield from self._finish()
            yield from self._finish()
        finally:
            for work in self._begun.values():
                work.close()

    def _tasks(self) -> Iterator[LabelTask]:
        for index, job in enumerate(self._jobs):
            work = WorkFolder(job.out, job.plan)
            work.open()
            self._begun[index] = work
            self._missing[index] = {number for number in range(len(job.intervals)) if not work.has(number)}
            for number, interval in enumerate(job.intervals):
                if number in self._missing[index]:
                    yield LabelTask(job.plan, interval, index, number)
                else:
                    self._progress.kept(count_frames(work.get(number)))

    def _finish(self) -> Iterator[LabelledBag]:
        for index in [index for index in self._begun if not self._missing[index]]:
            job, work = self._jobs[index], self._begun[index]
            with _said_where_the_work_is(work):
                labelled = assemble(job, work)
            work.close()
            del self._begun[index]
            self._progress.finished()
            yield labelled


@contextmanager
def _said_where_the_work_is(work: WorkFolder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(
            f'{error.strerror or error}: what was labelled so far is kept in {work.folder}; make room or repair that, '
            'and run the same command again to go on from there'
        ) from error
