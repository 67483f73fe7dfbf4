"""Cityscapes' label ids, for data sets that are trained on in its classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

UNLABELED = 0


def of_train_ids() -> NDArray[np.uint8]:
    """Give the label id of every train id, ``(256,)``; what is no class is unlabelled."""
    return LabelSpace.load('cityscapes').to_label_ids(np.arange(256, dtype=np.uint8))


def of_class_names(names: Mapping[int, str]) -> NDArray[np.uint8]:
    """Give the label ids of a data set's ids, ``(256,)``, by the names of Cityscapes' classes.

    Args:
        names: Class in Cityscapes of an id; ids that are not there are unlabelled.
    """
    ids = {item.name: item.label_ids[0] for item in LabelSpace.load('cityscapes').classes}
    table = np.full(256, UNLABELED, np.uint8)
    for label_id, name in names.items():
        table[label_id] = ids[name]
    return table
