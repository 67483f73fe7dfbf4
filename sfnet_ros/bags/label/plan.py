"""What is to be labelled, by what, and how the labels are recorded."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, IMAGE, NAMESPACE
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.topics import choose_image_topic, choose_truth_topic
from sfnet_ros.runtime.manifest import ModelManifest
from sfnet_ros.runtime.segmenter_options import SegmenterOptions

# Of half-open time intervals; None is before all and after all.
Interval = tuple[int | None, int | None]

# What of a manifest decides on labels and confidences; the rest is what is known about them.
_DECIDING = ('label_space', 'network', 'network_short_side', 'mean', 'std', 'temperature', 'weights_sha256')


@dataclass(frozen=True)
class LabelOptions:
    """Say what is recorded of a model's results.

    Args:
        topic: Of the frames; None is the only one there is.
        prefix: Of the new topics: ``<prefix>/label/compressed``, ...
        overlay: Whether to add a JPEG of the frame under its labels' colours.
        raw: Record labels and confidences as mono8 Image, ``<prefix>/label``, and not as lossless PNG.
        frames_per_chunk: How many frames, on average, are labelled at a time: what a kill costs.

    Raises:
        ValueError: A value is out of its range.
    """

    topic: str | None = None
    prefix: str = '/sfnet'
    overlay: bool = False
    raw: bool = False
    frames_per_chunk: int = 64

    def __post_init__(self) -> None:
        if not NAMESPACE.fullmatch(self.prefix):
            raise ValueError(f'{self.prefix!r} does not begin the name of a topic; one such as /sfnet is accepted')
        if self.frames_per_chunk < 1:
            raise ValueError(f'chunks of {self.frames_per_chunk} frames are not accepted; 1 or more are')

    @property
    def topics(self) -> dict[str, tuple[str, str]]:
        """Give topic and type of every output."""
        lossless = ('', IMAGE) if self.raw else ('/compressed', COMPRESSED_IMAGE)
        forms = {'label': lossless, 'confidence': lossless}
        if self.overlay:
            forms['overlay'] = ('/compressed', COMPRESSED_IMAGE)
        return {output: (f'{self.prefix}/{output}{ending}', kind) for output, (ending, kind) in forms.items()}


@dataclass(frozen=True)
class LabelPlan:
    """Say all that decides on the bytes of one labelled recording; it goes to other processes.

    Args:
        bag: The recording.
        files: Name, size and time of change of its files.
        topic: Of its frames.
        kind: Type of that topic.
        options: What is recorded.
        model: What runs, with nothing left to choose.
        manifest: What decides on its labels.
    """

    bag: Path
    files: tuple[tuple[str, int, int], ...]
    topic: str
    kind: str
    options: LabelOptions
    model: SegmenterOptions
    manifest: dict[str, Any]

    @property
    def digest(self) -> str:
        """Name the plan by what decides on the result, in which folders no part has: all else makes another name."""
        parts = {**asdict(self), 'bag': '', 'model': {**asdict(self.model), 'model': ''}}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def predictions(self) -> dict[str, dict[str, Any]]:
        """Give what is noted in the labelled recording, by topic."""
        model = self.model
        note = {
            'of': self.topic,
            'model': Path(model.model).name,
            'weights_sha256': self.manifest['weights_sha256'],
            'label_space': self.manifest['label_space'],
            'runs_on': f'{model.backend}/{model.device}/{model.precision}',
            'made_by': self.digest,
        }
        return {topic: {'holds': output, **note} for output, (topic, _) in self.options.topics.items()}


def plan_labels(bag: Bag, options: LabelOptions, model: SegmenterOptions, manifest: ModelManifest) -> LabelPlan:
    """Plan the labelling of a recording.

    Args:
        bag: The recording.
        options: What is recorded.
        model: See `SegmenterOptions.as_chosen_by`.
        manifest: Of that model.

    Raises:
        BagError: It has no frames, or topics of the new ones' names.
    """
    topic = choose_image_topic(bag, options.topic, choose_truth_topic(bag, None))
    if not bag.count(topic):
        raise BagError(f'bag {bag.path} has no frame on {topic}: there is nothing to label')
    taken = {connection.topic for connection in bag.connections}
    for new, _ in options.topics.values():
        if new in taken:
            raise BagError(f'bag {bag.path} has a topic {new} already: name another --prefix than {options.prefix}')
    deciding = {name: value for name, value in asdict(manifest).items() if name in _DECIDING}
    return LabelPlan(bag.path.resolve(), _files(bag.path), topic, bag.image_topics[topic], options, model, deciding)


def intervals(bag: Bag, topic: str, frames_per_chunk: int) -> list[Interval]:
    """Divide a recording into equal times, so that none need be read to find another one."""
    count = max(1, math.ceil(bag.count(topic) / frames_per_chunk))
    start_ns, end_ns = bag.span_ns
    inner = sorted({start_ns + (end_ns - start_ns) * part // count for part in range(1, count)})
    return list(pairwise([None, *inner, None]))


def _files(bag: Path) -> tuple[tuple[str, int, int], ...]:
    paths = sorted(path for path in bag.iterdir() if path.is_file()) if bag.is_dir() else [bag]
    return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths)
