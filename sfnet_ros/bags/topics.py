"""Choose among the topics of a recording: which holds the frames, and which their ground truth."""

from __future__ import annotations

import json
from typing import Any

from sfnet_ros.bags.read import Bag, BagError

# Of ground truth: the classes that it is in.
LABEL_SPACE_NOTE = 'label_space'
# Topics of a model's labels, confidences and overlays, in JSON: what each is of.
PREDICTIONS_NOTE = 'predictions'

_LABEL = 'label'
# What the node publishes beside its labels.
_COMPANIONS = ('confidence', 'color', 'overlay')


def choose_truth_topic(bag: Bag, topic: str | None) -> str | None:
    """Give the topic of ground truth: the one asked for, or that of labels in a bag that notes their label space.

    In other bags labels may be anybody's, such as those of the very model that is to be scored: None.

    Raises:
        BagError: No such topic, or several to choose from.
    """
    if topic is not None:
        _require(bag, topic)
        return topic
    labels = _label_topics(bag) if LABEL_SPACE_NOTE in bag.notes else []
    labels = [label for label in labels if label not in predictions_in(bag)]
    if len(labels) > 1:
        raise BagError(f'bag {bag.path} has several label topics: name that of the truth ({", ".join(labels)})')
    return labels[0] if labels else None


def choose_image_topic(bag: Bag, topic: str | None, truth_topic: str | None = None) -> str:
    """Give the topic of frames: the one asked for, or the only one there is that holds neither labels nor truth.

    Raises:
        BagError: No such topic, several to choose from, or the one of the truth.
    """
    if topic is not None:
        _require(bag, topic)
        if topic == truth_topic:
            raise BagError(f'{topic} cannot hold both the frames and their ground truth: name two topics')
        return topic
    labels = _label_topics(bag)
    companions = {_sibling(label, name) for label in labels for name in _COMPANIONS}
    frames = sorted(bag.image_topics.keys() - {truth_topic, *labels, *companions})
    if len(frames) != 1:
        none = 'has no image topic of anything but labels and truth' if bag.image_topics else 'has no image topic'
        raise _refusal(bag, 'has several image topics: name one' if frames else none)
    return frames[0]


def predictions_in(bag: Bag) -> dict[str, Any]:
    """Give the topics that `sfnet bag label` added, and what it noted of each: frames' topic, model, ..."""
    try:
        noted = json.loads(bag.notes.get(PREDICTIONS_NOTE, '{}'))
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}


def _label_topics(bag: Bag) -> list[str]:
    return sorted(topic for topic in bag.image_topics if _LABEL in topic.split('/'))


def _sibling(topic: str, name: str) -> str:
    """Name what the node publishes beside labels: of /sfnet/label/compressed it is /sfnet/<name>/compressed."""
    return '/'.join(name if part == _LABEL else part for part in topic.split('/'))


def _require(bag: Bag, topic: str) -> None:
    if topic not in bag.image_topics:
        raise _refusal(bag, f'has no image topic {topic}')


def _refusal(bag: Bag, what: str) -> BagError:
    found = ', '.join(sorted(bag.image_topics)) or 'none'
    return BagError(f'bag {bag.path} {what} (image topics in it: {found})')
