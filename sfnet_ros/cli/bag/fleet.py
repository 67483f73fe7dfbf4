"""Options that spread work over processes and machines."""

from __future__ import annotations

import argparse
import glob
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

    from sfnet_ros.bags.fleet.workers import Workers

# Each holds the libraries and the model: half a gigabyte and more.
_MOST_JOBS = 8
# As usual, but frames a second where they are fewer than one too.
_BAR = '{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}{postfix}]'
_RAY_ADDRESS = re.compile(r'auto|(ray://)?[\w.\-\[\]:]+:\d+')


def add_bags_argument(parser: argparse.ArgumentParser) -> None:
    """Declare what `find_bags` reads: any number, as `--ray` may have taken the first one."""
    parser.add_argument(
        'bags',
        nargs='*',
        action='extend',
        metavar='BAG',
        help="rosbag2 folder, .mcap, .db3 or .bag file, or a pattern: 'bags/*.mcap'",
    )


def add_fleet_arguments(parser: argparse.ArgumentParser, usual_jobs: int | None = None) -> None:
    """Declare what `make_workers` reads; for ``usual_jobs`` see there."""
    usual = f'one for each core up to {_MOST_JOBS}; on a GPU one' if usual_jobs is None else str(usual_jobs)
    parser.add_argument(
        '--jobs',
        type=int,
        metavar='N',
        help=f'processes (default: {usual}; with --ray as many as the cluster has room for)',
    )
    parser.add_argument(
        '--ray',
        nargs='?',
        action=_RayAddress,
        metavar='ADDRESS',
        help='work on a Ray cluster: HOST:PORT, ray://HOST:PORT or auto (default: that of this machine, or one that '
        'is started on it); recordings and the working folder have the same paths on all of its machines',
    )


class _RayAddress(argparse.Action):
    """Take an address where there is one: what comes next may well be a recording."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        _option_string: str | None = None,
    ) -> None:
        text = '' if values is None else str(values)
        is_address = _RAY_ADDRESS.fullmatch(text) is not None
        setattr(namespace, self.dest, text if is_address else '')
        if text and not is_address:
            namespace.bags = [*(namespace.bags or []), text]


def make_workers(args: argparse.Namespace, device: str, threads: int, usual_jobs: int | None = None) -> Workers:
    """Make what the options ask for.

    Args:
        args: The options.
        device: What the work runs on.
        threads: Of each process.
        usual_jobs: How many processes of this machine there are where the options say no number; None is as many as
            it has room for.

    Raises:
        ValueError: A number of processes that cannot be, or no cluster.
    """
    from sfnet_ros.bags.fleet.processes import Processes
    from sfnet_ros.bags.fleet.ray import RayCluster
    from sfnet_ros.bags.fleet.workers import InThisProcess

    if args.ray is not None:
        return RayCluster(args.ray, threads, device != 'cpu', args.jobs)
    cores = len(os.sched_getaffinity(0))
    room = max(1, min(cores // max(1, threads), _MOST_JOBS)) if device == 'cpu' else 1
    jobs = (usual_jobs or room) if args.jobs is None else args.jobs
    return InThisProcess() if jobs == 1 else Processes(jobs)


class FleetProgress:
    """Show frames, frames per second, time left and finished bags; `fleet_progress` makes one."""

    def __init__(self, bar: tqdm[NoReturn], bags: int) -> None:
        self._bar = bar
        self._bags = bags
        self._finished = 0
        self._show()

    def kept(self, frames: int) -> None:
        """Count frames of an earlier run, which say nothing of how fast this one is."""
        if not self._bar.disable:
            self._bar.initial += frames
            self._bar.n += frames
            self._bar.refresh()

    def done(self, frames: int) -> None:
        """Count frames that are done."""
        self._bar.update(frames)

    def finished(self) -> None:
        """Count a bag that is finished."""
        self._finished += 1
        self._show()

    def _show(self) -> None:
        self._bar.set_postfix_str(f'{self._finished} of {self._bags} bags')


@contextmanager
def fleet_progress(what: str, frames: int, bags: int) -> Iterator[FleetProgress]:
    """Show the progress of work on so many frames of so many bags, and what is logged meanwhile above it."""
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    with (
        tqdm(desc=what, total=frames, unit=' frames', bar_format=_BAR, disable=None) as bar,
        nullcontext() if bar.disable else logging_redirect_tqdm(),
    ):
        yield FleetProgress(bar, bags)


def end_without(refused: Collection[ValueError | OSError], bags: int, done: str) -> None:
    """Let a command fail in the end, where the others of so many bags are done: ``'labelled'``, for one.

    Raises:
        ValueError: There are some that are refused.
    """
    if refused:
        raise ValueError(f'{len(refused)} of {bags} bags are not {done}: {"; ".join(map(str, refused))}')


def find_bags(patterns: Sequence[str]) -> list[Path]:
    """Find recordings by path or pattern, each once.

    Raises:
        FileNotFoundError: There is none.
        ValueError: None is named.
    """
    if not patterns:
        raise ValueError("no bag is named; one or more, or patterns such as 'bags/*.mcap', are accepted")
    found: dict[Path, Path] = {}
    for pattern in patterns:
        # What is there by that very name is meant, whatever characters are in it.
        paths = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True))
        if not paths:
            raise FileNotFoundError(
                f'there is no bag at {pattern}: a rosbag2 folder, an .mcap, .db3 or ROS 1 .bag file, or a pattern of '
                'such in quotes is accepted'
            )
        for path in map(Path, paths):
            found.setdefault(path.resolve(), path)
    return list(found.values())
