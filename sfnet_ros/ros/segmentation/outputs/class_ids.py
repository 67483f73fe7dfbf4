"""The number of each class in what is published."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.segmentation.parameters import NodeParameters

UNLABELLED = LabelSpace.ignore_index


def class_ids(label_space: LabelSpace, label_ids: str) -> tuple[int, ...]:
    """List the published id of every class, by train id.

    Args:
        label_space: Has the classes.
        label_ids: The parameter: ``'train'`` or ``'dataset'``.
    """
    if label_ids == 'train':
        return tuple(range(label_space.num_classes))
    return tuple(item.label_ids[0] for item in label_space.classes)


def to_published(label_map: NDArray[np.uint8], label_space: LabelSpace, label_ids: str) -> NDArray[np.uint8]:
    """Turn train ids into published ones; 255 stays 255, also where the data set has an id of its own for it."""
    if label_ids == 'train':
        return label_map
    table = np.full(256, UNLABELLED, np.uint8)
    table[: label_space.num_classes] = class_ids(label_space, label_ids)
    return np.asarray(cv2.LUT(label_map, table), np.uint8)


def check_label_ids(label_space: LabelSpace, parameters: NodeParameters) -> None:
    """Refuse ids in which a class could not be told from pixels without one.

    Raises:
        ValueError: One sentence.
    """
    ids = class_ids(label_space, parameters.label_ids)
    if UNLABELLED in ids:
        name = label_space.names[ids.index(UNLABELLED)]
        raise ValueError(
            f'parameter label_ids: class {name!r} of {label_space.name} has {UNLABELLED} as its first label id, which '
            'stands for pixels without a class; set label_ids to train, or give the class another first label id'
        )
