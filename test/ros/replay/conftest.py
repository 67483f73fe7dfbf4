"""A short real drive, and what a replay of it left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.evaluate import read_frames
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC, Recording, make_bag
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.source import Source
from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.replay.judge import judge
from sfnet_ros.ros.replay.plan import ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed
from sfnet_ros.ros.replay.report import ReplayReport
from sfnet_ros.ros.replay.supervise import replay
from sfnet_ros.runtime import Segmenter

from ..node_process import SHARED_MEMORY, remove_orphans

SAMPLE = Path(__file__).parents[2] / 'data' / 'camvid_0016E5'
FRAMES = 8


def children_of(supervisor: int) -> dict[str, int]:
    """Give the process id of every child of a replay by the module that it runs."""
    found = {}
    for status in Path('/proc').glob('[0-9]*/stat'):
        with suppress(OSError, ValueError):
            if int(status.read_text().rpartition(')')[2].split()[1]) == supervisor:
                arguments = (status.parent / 'cmdline').read_text().split('\0')
                # Between fork and exec a child still has the supervisor's arguments, without such a module.
                for module in [argument for argument in arguments if argument.startswith('sfnet_ros.ros.')]:
                    found[module.rpartition('.')[2]] = int(status.parent.name)
    return found


@pytest.fixture(scope='session')
def short_drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a recording of the sample drive's first frames."""
    folder = tmp_path_factory.mktemp('bags') / 'short'
    with Bag(SAMPLE) as bag:
        frames = [Frame(read.rgb, read.target) for read in read_frames(bag, IMAGE_TOPIC, LABEL_TOPIC, stop=FRAMES)]
    make_bag(folder, frames, LabelSpace.load('camvid'), Recording(rate=5.0))
    return folder


@dataclass(frozen=True)
class Outcome:
    """Hold all that a replay gave."""

    source: Source
    plan: ReplayPlan
    replayed: Replayed
    report: ReplayReport
    segmenter: Segmenter
    folder: Path


@pytest.fixture(scope='session')
def outcome(short_drive: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Replay the short drive once."""
    before = set(SHARED_MEMORY.glob('*'))
    folder = tmp_path_factory.mktemp('out')
    # Rounding depends on the number of threads.
    alike = {'backend': 'torch', 'precision': 'float32', 'threads': 1}
    parameters = {'model': str(model_folder), 'use_sim_time': True, **alike}
    source = Source.of(short_drive, None, None)
    plan = ReplayPlan(short_drive, IMAGE_TOPIC, True, parameters)
    replayed = replay(plan, on_label=lambda: None)
    segmenter = Segmenter.from_model(model_folder, backend='torch', precision='float32', threads=1)
    report = judge(source, plan, replayed, segmenter, folder)
    yield Outcome(source, plan, replayed, report, segmenter, folder)
    remove_orphans(before)
