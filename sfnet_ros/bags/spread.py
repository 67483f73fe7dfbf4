"""Judge recordings by several workers at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from sfnet_ros.bags.fleet.workers import Workers
from sfnet_ros.bags.parts import Part, Progress, divide
from sfnet_ros.bags.read import BagError
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.scores import BagScores
from sfnet_ros.bags.source import Source
from sfnet_ros.runtime import Segmenter
from sfnet_ros.runtime.segmenter_options import SegmenterOptions

# A worker reads up to its part from the recording's start, so that parts are few where recordings are long.
_PARTS_PER_WORKER = 4
_LEAST_FRAMES = 64


class PartWorker:
    """Judge a model on parts, one after the other.

    Args:
        model: See `SegmenterOptions.as_chosen_by`.
        weights_sha256: Of its weights.

    Raises:
        ValueError: It is another one here.
    """

    def __init__(self, model: SegmenterOptions, weights_sha256: str) -> None:
        self._segmenter = model.load_same(weights_sha256)

    def __call__(self, task: Part) -> BagScores | BagError:
        """Judge a part, see `Part.evaluate`, or say why its recording cannot be judged."""
        try:
            return task.evaluate(self._segmenter)
        except BagError as error:
            return error

    def close(self) -> None:
        """Let go of the model."""
        self._segmenter.close()


def evaluate_apart(
    sources: Sequence[Source],
    segmenter: Segmenter,
    model: SegmenterOptions,
    workers: Workers,
    progress: Progress,
    frames_per_part: int | None = None,
) -> Run:
    """Run a model over recordings; the scores are those of one process with the same threads.

    Args:
        sources: The recordings.
        segmenter: The model, which only says what it is.
        model: How it was loaded, and the threads of each worker.
        workers: What does it.
        progress: Told of it.
        frames_per_part: How many frames are judged at a time, what is lost with a worker; None takes a quarter of a
            worker's share, 64 at least.

    Raises:
        BagError: No recording can be read, or has ground truth of the model's classes; single ones are left out.
        ChildProcessError: The same part was lost several times.
        ValueError: The ground truth is none for the frames.
    """
    assert segmenter.manifest is not None
    if frames_per_part is None:
        share = -(-sum(source.frames for source in sources) // (workers.count * _PARTS_PER_WORKER))
        frames_per_part = max(_LEAST_FRAMES, share)
    parts = divide(sources, segmenter.label_space, frames_per_part)
    build = partial(PartWorker, model.as_chosen_by(segmenter), segmenter.manifest.weights_sha256)
    missing = Counter(part.source.path for part in parts)
    found: dict[int, BagScores | BagError] = {}
    for part, of_part in workers.map(build, parts):
        found[part.number] = of_part
        progress.done(part.frames)
        missing[part.source.path] -= 1
        if not missing[part.source.path]:
            progress.finished()
    scores = BagScores(segmenter.label_space.num_classes, parts[0].sampling)
    results = [(part.source.path, found[part.number]) for part in parts]
    # Backwards, so that the first of a recording's reasons stays, as in one process.
    refused = {path: result for path, result in reversed(results) if isinstance(result, BagError)}
    for path, result in results:
        if isinstance(result, BagScores) and path not in refused:
            scores.merge(result)
    return Run.of(segmenter, sources, scores, refused)
