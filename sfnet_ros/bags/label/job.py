"""Recordings to be labelled, each with its output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sfnet_ros.bags.label.plan import Interval, LabelOptions, LabelPlan, intervals, plan_labels
from sfnet_ros.bags.label.work_folder import WorkFolder
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.topics import predictions_in
from sfnet_ros.files import refuse_existing
from sfnet_ros.runtime.manifest import ModelManifest
from sfnet_ros.runtime.segmenter_options import SegmenterOptions


@dataclass(frozen=True)
class LabelJob:
    """Hold what is known of one recording before it is labelled.

    Args:
        plan: What decides on its labels.
        out: The folder that it becomes.
        intervals: Of its chunks.
        frames: How many it has.
    """

    plan: LabelPlan
    out: Path
    intervals: tuple[Interval, ...]
    frames: int


@dataclass
class Planned:
    """Sort recordings by what there is to do.

    Args:
        jobs: To be labelled.
        done: Outputs that are whole already.
        refused: Why others cannot be labelled.
    """

    jobs: list[LabelJob]
    done: list[Path]
    refused: list[ValueError | OSError]


def plan_jobs(
    outs: Mapping[Path, Path], options: LabelOptions, model: SegmenterOptions, keep_done: bool = False
) -> Planned:
    """Look at recordings, without reading their frames.

    Args:
        outs: The output of each.
        options: What is recorded.
        model: What labels them.
        keep_done: Whether an output that is there already, of this very plan, is as good as a new one.

    Raises:
        ValueError: The model, or what it shall run on, is not there or not right.
    """
    planned = Planned([], [], [])
    # Refuses what cannot run before any work, and makes its graph once for all workers; each loads it again, which then
    # takes a fifth of a second.
    segmenter = model.load()
    assert segmenter.manifest is not None
    for bag, out in outs.items():
        try:
            job = _plan(bag, out, options, model.as_chosen_by(segmenter), segmenter.manifest)
            work = WorkFolder(job.out, job.plan)
            if not out.exists():
                planned.jobs.append(job)
            # A process that was killed right after giving an output its name left its work there.
            elif (keep_done or work.folder.exists()) and is_made_by(out, job.plan):
                work.clear()
                planned.done.append(out)
            else:
                refuse_existing(out)
        except (ValueError, OSError) as error:
            planned.refused.append(error)
    segmenter.close()
    return planned


def is_made_by(out: Path, plan: LabelPlan) -> bool:
    """Tell whether an output is there that comes of a plan."""
    try:
        with Bag(out) as bag:
            return any(note.get('made_by') == plan.digest for note in predictions_in(bag).values())
    except (BagError, OSError):
        return False


def _plan(
    bag_path: Path, out: Path, options: LabelOptions, model: SegmenterOptions, manifest: ModelManifest
) -> LabelJob:
    with Bag(bag_path) as bag:
        plan = plan_labels(bag, options, model, manifest)
        chunks = intervals(bag, plan.topic, options.frames_per_chunk)
        return LabelJob(plan, out.absolute(), tuple(chunks), bag.count(plan.topic))
