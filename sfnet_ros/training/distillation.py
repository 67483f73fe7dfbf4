"""Learning from other networks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.labels import LabelSpace
from sfnet_ros.network import SFNet
from sfnet_ros.training.losses import Weighed
from sfnet_ros.training.sections import DistillationConfig
from sfnet_ros.training.teachers import check_teacher


class DistillationLoss(nn.Module):
    """Divergence of the network's class probabilities from the mean of its teachers', both softened.

    Args:
        config: Temperature, and whether unlabelled pixels count.
        teachers: Networks for the same classes; their weights do not move.

    Source: Hinton et al. 2015: Kullback-Leibler divergence at a temperature, times its square.
    """

    def __init__(self, config: DistillationConfig, teachers: Sequence[SFNet]) -> None:
        super().__init__()
        self.config = config
        self.teachers = nn.ModuleList(teachers).requires_grad_(False).eval()

    def taught(self, batch: Tensor) -> Tensor:
        """Give the teachers' softened probabilities ``(N, K, H, W)`` for pictures ``(N, 3, H, W)``."""
        with torch.no_grad():
            answers = [teacher(batch).float() / self.config.temperature for teacher in self.teachers]
            return torch.stack([functional.softmax(answer, 1) for answer in answers]).mean(0)

    def weighed(self, logits: Tensor, taught: Tensor, target: Tensor) -> Weighed:
        """Sum the divergence up over pixels.

        Args:
            logits: Of the network, ``(N, K, H, W)``.
            taught: See ``taught``.
            target: ``(N, H, W)`` int64, 255 where unlabelled.
        """
        learnt = functional.log_softmax(logits.float() / self.config.temperature, 1)
        divergence = functional.kl_div(learnt, taught, reduction='none').sum(1)
        counted = self._counted(target)
        return Weighed(self.config.temperature**2 * (divergence * counted).sum(), counted.sum())

    def label_weight(self, target: Tensor) -> Tensor:
        """Count the pixels that are learnt from."""
        return self._counted(target).sum()

    def _counted(self, target: Tensor) -> Tensor:
        known = (
            torch.ones_like(target, dtype=torch.bool) if self.config.unlabelled else target != LabelSpace.ignore_index
        )
        return known.float()


def check_teachers(teachers: Sequence[SFNet], names: Sequence[str], num_classes: int) -> None:
    """Refuse teachers of other classes.

    Raises:
        ValueError: One of them gives another number of classes than the network.
    """
    for name, teacher in zip(names, teachers, strict=True):
        check_teacher(name, teacher.config.num_classes, num_classes)
