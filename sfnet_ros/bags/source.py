"""What of a recording is looked at: its frames, and the ground truth that it has of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.topics import LABEL_SPACE_NOTE, choose_image_topic, choose_truth_topic
from sfnet_ros.bags.truth import check_truth
from sfnet_ros.labels import LabelSpace


def why_not_scored(truth_topic: str | None, truth_space: str | None, label_space: LabelSpace) -> str | None:
    """Say why a recording gives no scores to a model; None where it does.

    Args:
        truth_topic: Topic of the ground truth, if any.
        truth_space: Name of its label space, if the recording notes one.
        label_space: That of the model.
    """
    if truth_topic is None:
        return 'the bag names no ground truth; where it has one, name its topic with --truth'
    if truth_space not in (None, label_space.name):
        return f'the ground truth is in classes of {truth_space}, the model in {label_space.name}'
    return None


@dataclass(frozen=True)
class Source:
    """Name the frames of a recording and their ground truth.

    Args:
        path: The recording.
        topic: Topic of the frames.
        frames: How many there are.
        truth_topic: Topic of the ground truth, if any.
        truths: How many label maps it has.
        truth_space: Name of its label space, if the recording notes one.
    """

    path: Path
    topic: str
    frames: int
    truth_topic: str | None
    truths: int
    truth_space: str | None

    @classmethod
    def of(cls, path: Path, topic: str | None, truth_topic: str | None) -> Source:
        """Look into a recording.

        Args:
            path: The recording.
            topic: Topic of the frames; None takes the only one that there is.
            truth_topic: Topic of the ground truth; None takes that of a recording that notes its label space.

        Raises:
            FileNotFoundError: There is nothing at the path.
            BagError: It cannot be read, has no such topics, or no frame.
            LabelFormatError: The topic of the ground truth holds something else.
        """
        with Bag(path) as bag:
            truth_topic = choose_truth_topic(bag, truth_topic)
            topic = choose_image_topic(bag, topic, truth_topic)
            frames = bag.count(topic)
            if not frames:
                raise BagError(f'bag {path} has no frame on {topic}: there is nothing to look at')
            if truth_topic is not None:
                check_truth(bag, truth_topic)
            truths = 0 if truth_topic is None else bag.count(truth_topic)
            return cls(path, topic, frames, truth_topic, truths, bag.notes.get(LABEL_SPACE_NOTE))


def open_sources(
    paths: Sequence[Path], topic: str | None, truth_topic: str | None
) -> tuple[list[Source], dict[Path, ValueError | OSError]]:
    """Look into recordings, see `Source.of`: those that can be judged, and why others cannot.

    Raises:
        ValueError: None of them can; `OSError` likewise.
    """
    sources: list[Source] = []
    refused: dict[Path, ValueError | OSError] = {}
    for path in paths:
        try:
            sources.append(Source.of(path, topic, truth_topic))
        except (ValueError, OSError) as error:
            refused[path] = error
    if not sources:
        first, *others = refused.values()
        raise BagError('; '.join(map(str, refused.values()))) if others else first
    return sources, refused
