"""What a label that tells fewer classes apart leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.coarse_data import check_may_be


def allowed_classes(may_be: Mapping[str, Sequence[str]], label_space: LabelSpace) -> Tensor:
    """Tell which classes may stand where a coarse label says one, ``(K, K)`` bool, a row for each label.

    Raises:
        ValueError: A class is not one of the label space.
    """
    check_may_be(may_be, label_space)
    names = list(label_space.names)
    allowed = torch.eye(len(names), dtype=torch.bool)
    for name, others in may_be.items():
        allowed[names.index(name), [names.index(other) for other in others]] = True
    return allowed
