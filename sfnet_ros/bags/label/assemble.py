"""Write a recording and its labels as one."""

from __future__ import annotations

import bisect
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rosbags.rosbag2 import StoragePlugin

from sfnet_ros.bags.label.copy import new_copy
from sfnet_ros.bags.label.job import LabelJob
from sfnet_ros.bags.label.work_folder import WorkFolder
from sfnet_ros.bags.label.worker import REFUSAL, labelled_frames
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.tally import Tally
from sfnet_ros.bags.topics import PREDICTIONS_NOTE


@dataclass(frozen=True)
class LabelledBag:
    """Tell of a labelled recording.

    Args:
        out: Where it is.
        frames: How many it has.
        unlabelled: How many of these could not be decoded.
        is_converted: Whether it is of ROS 2, and the original of ROS 1.
    """

    out: Path
    frames: int
    unlabelled: int
    is_converted: bool = False


def assemble(job: LabelJob, work: WorkFolder) -> LabelledBag:
    """Write a labelled recording, give it its name, and clean up.

    Args:
        job: What it is.
        work: Has all its chunks.

    Raises:
        BagError: The original changed meanwhile, or a chunk is damaged.
        OSError: The disk is full, the folder cannot be written, or something else has got the name meanwhile.
    """
    folder = work.new_bag_folder()
    topics, frames, refused = job.plan.options.topics, 0, Tally()
    labels = _Labels(job, work)
    notes = {PREDICTIONS_NOTE: json.dumps(job.plan.predictions)}
    try:
        with Bag(job.plan.bag) as bag, new_copy(folder, bag, notes, _plugin(job)) as copy:
            for topic, kind in topics.values():
                copy.add_topic(topic, kind)
            for connection, recorded_ns, data in bag.everything():
                copy.write(connection, recorded_ns, data)
                if connection.topic == job.plan.topic:
                    found = labels.next(recorded_ns)
                    frames += 1
                    if REFUSAL in found:
                        why = found[REFUSAL].decode(errors='replace')
                        refused.add(f'frames on {connection.topic} without a label', f'at {recorded_ns} ns: {why}')
                    for output, (topic, _) in topics.items():
                        if output in found:
                            copy.add(topic, recorded_ns, found[output])
            labels.expect_no_more()
            bag.warn(refused)
    except OSError:
        # Room for another try.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    folder.rename(job.out)
    work.clear()
    return LabelledBag(job.out, frames, refused.total, _has_file(job, '.bag'))


class _Labels:
    """Give the labels of frames, in the order of their recording."""

    def __init__(self, job: LabelJob, work: WorkFolder) -> None:
        self._job = job
        self._work = work
        self._starts = [start for start, _ in job.intervals if start is not None]
        # Several are open at a time where the files of a bag overlap in time.
        self._open: dict[int, Iterator[Mapping[str, bytes]]] = {}

    def next(self, recorded_ns: int) -> Mapping[str, bytes]:
        """Give the messages of the next frame that was recorded then, by output."""
        number = bisect.bisect_right(self._starts, recorded_ns)
        if number not in self._open:
            self._open[number] = labelled_frames(self._work.get(number))
        found = next(self._open[number], None)
        if found is None:
            raise self._refusal()
        return found

    def expect_no_more(self) -> None:
        """Make sure that every label has found its frame."""
        if any(next(left, None) is not None for left in self._open.values()):
            raise self._refusal()

    def _refusal(self) -> BagError:
        return BagError(
            f'bag {self._job.plan.bag} has other frames now than when it was labelled: delete {self._work.folder}, and '
            'run the same command again'
        )


def _plugin(job: LabelJob) -> StoragePlugin:
    return StoragePlugin.SQLITE3 if _has_file(job, '.db3') else StoragePlugin.MCAP


def _has_file(job: LabelJob, suffix: str) -> bool:
    """Tell whether the original has a file of a format; zstd may have compressed it."""
    return any(suffix in Path(name).suffixes for name, _, _ in job.plan.files)
