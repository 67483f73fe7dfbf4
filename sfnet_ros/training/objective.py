"""What a step minimises, over all parts of its batch and all processes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sfnet_ros.network import SFNetDetails
from sfnet_ros.training.distillation import DistillationLoss
from sfnet_ros.training.distributed import ALONE, Processes
from sfnet_ros.training.losses import SegmentationLoss, Weighed


class Objective(nn.Module):
    """The loss of a whole batch, taken part by part.

    Each term is divided by what its pixels weigh in all processes together, so that it does not matter how a batch is
    shared out; OHEM alone chooses its pixels within a part.

    Args:
        truth: Loss on the truth.
        distillation: Loss on what teachers say; None: there are none.
        processes: Who shares a batch.
    """

    def __init__(
        self, truth: SegmentationLoss, distillation: DistillationLoss | None = None, processes: Processes = ALONE
    ) -> None:
        super().__init__()
        self.truth = truth
        self.distillation = distillation
        self._processes = processes

    def shares(self, targets: Sequence[Tensor]) -> Tensor:
        """Say how much each part of a batch counts, ``(parts, 3)``, for main, auxiliary and distillation loss."""
        weights = self._processes.sum(torch.stack([self._label_weights(target) for target in targets]))
        return weights / weights.sum(0).clamp(min=1.0e-6)

    def taught(self, batch: Tensor) -> Tensor | None:
        """Give the teachers' probabilities ``(n, K, H, W)`` for pictures ``(n, 3, H, W)``; None: there are none."""
        return self.distillation.taught(batch) if self.distillation else None

    def forward(self, details: SFNetDetails, taught: Tensor | None, target: Tensor, share: Tensor) -> Tensor:
        """Give this process's summand of the loss.

        Args:
            details: What the network made of a part.
            taught: What its teachers made of it, see ``taught``.
            target: ``(n, H, W)`` int64, 255 where unlabelled.
            share: The part's row of ``shares``.
        """
        main, *auxiliary = self.truth.terms(details, target)
        terms = [(share[0], main), *((self.truth.config.aux_weight * share[1], term) for term in auxiliary)]
        if self.distillation and taught is not None:
            term = self.distillation.weighed(details.logits, taught, target)
            terms.append((self.distillation.config.weight * share[2], term))
        weights = self._processes.sum(torch.stack([term.weight for _, term in terms]))
        summands = [
            factor * Weighed(term.total, weight).mean for (factor, term), weight in zip(terms, weights, strict=True)
        ]
        return torch.stack(summands).sum()

    def _label_weights(self, target: Tensor) -> Tensor:
        main, auxiliary = self.truth.label_weights(target)
        return torch.stack([main, auxiliary, self.distillation.label_weight(target) if self.distillation else main])
