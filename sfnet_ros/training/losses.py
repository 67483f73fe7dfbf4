"""Losses on logits, all of them finite also where nothing is labelled."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.labels import LabelSpace
from sfnet_ros.network import SFNetDetails
from sfnet_ros.network.layers import resize_bilinear
from sfnet_ros.training.sections import LossConfig

# Keeps a sum over no pixel from being divided by zero.
_LEAST = 1e-6


class Weighed(NamedTuple):
    """A sum of losses and what it is to be divided by, so that sums over parts of a batch can be put together."""

    total: Tensor
    weight: Tensor

    @property
    def mean(self) -> Tensor:
        """Divide; zero where nothing weighs anything."""
        return self.total / self.weight.clamp(min=_LEAST)


class _Criterion(nn.Module):
    """A loss over labelled pixels, weighed by class."""

    class_weights: Tensor | None
    allowed: Tensor | None

    def __init__(self, class_weights: Tensor | None = None, allowed: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer('class_weights', class_weights, persistent=False)
        self.register_buffer('allowed', allowed, persistent=False)

    def label_weight(self, target: Tensor) -> Tensor:
        """Say how much the labelled pixels of a target weigh in all: their number, where classes weigh alike."""
        return self._weight_of(target[target != LabelSpace.ignore_index])

    def _weight_of(self, classes: Tensor) -> Tensor:
        if self.class_weights is None:
            return torch.tensor(float(len(classes)), device=classes.device)
        # A coarse label weighs what its class does.
        return self.class_weights[classes % len(self.class_weights)].sum()


class CrossEntropyLoss(_Criterion):
    """Mean of the (weighted) cross-entropy over labelled pixels; zero, with a gradient of zero, where there is none.

    Args:
        class_weights: ``(K,)`` or None.
        allowed: ``(K, K)`` bool: a target of ``K + c`` asks for any of the classes in row ``c``, whichever it is.
    """

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Score ``logits`` (N, K, H, W) against ``target`` (N, H, W) int64."""
        return self.weighed(logits, target).mean

    def weighed(self, logits: Tensor, target: Tensor) -> Weighed:
        """Give the sum and its weight apart; see ``forward``."""
        coarse = (target >= logits.shape[1]) & (target != LabelSpace.ignore_index)
        fine = target.masked_fill(coarse, LabelSpace.ignore_index)
        total = functional.cross_entropy(
            logits, fine, self.class_weights, ignore_index=LabelSpace.ignore_index, reduction='sum'
        )
        if self.allowed is not None:
            labels = target[coarse] - logits.shape[1]
            total = total + self._any_allowed(logits.permute(0, 2, 3, 1)[coarse], labels, self.allowed)
        return Weighed(total, self.label_weight(target))

    def _any_allowed(self, logits: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
        """Sum up how unlikely the allowed classes are together, for pixels ``(P, K)`` and their labels ``(P,)``."""
        among = logits.masked_fill(~allowed[labels], -torch.inf)
        losses = logits.logsumexp(1) - among.logsumexp(1)
        return losses.sum() if self.class_weights is None else (losses * self.class_weights[labels]).sum()


class OhemCrossEntropyLoss(_Criterion):
    """Cross-entropy over the hard pixels of a batch alone.

    A pixel is hard when its true class has a probability of at most ``threshold``; when fewer than ``min_kept`` are,
    the hardest ``min_kept`` are taken.

    Source: the authors' released recipe, threshold 0.7; Shrivastava et al. 2016.
    """

    def __init__(self, threshold: float, min_kept: int, class_weights: Tensor | None = None) -> None:
        super().__init__(class_weights)
        self.threshold = threshold
        self.min_kept = min_kept

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Score ``logits`` (N, K, H, W) against ``target`` (N, H, W) int64."""
        return self.weighed(logits, target).mean

    def weighed(self, logits: Tensor, target: Tensor) -> Weighed:
        """Give the sum and its weight apart; see ``forward``."""
        per_pixel = functional.cross_entropy(logits, target, ignore_index=LabelSpace.ignore_index, reduction='none')
        labelled = target != LabelSpace.ignore_index
        losses, classes = per_pixel[labelled], target[labelled]
        if not len(losses):
            return Weighed(logits.sum() * 0.0, self._weight_of(classes))
        hard = losses.detach() >= self._bound(losses.detach())
        weights = 1.0 if self.class_weights is None else self.class_weights[classes[hard]]
        return Weighed((losses[hard] * weights).sum(), self._weight_of(classes[hard]))

    def _bound(self, losses: Tensor) -> Tensor:
        # A probability of at most t is a loss of at least -log t; the kept-th hardest loss widens that where needed.
        bound = -torch.log(torch.tensor(self.threshold, dtype=losses.dtype, device=losses.device))
        kept = min(self.min_kept, len(losses))
        return torch.minimum(bound, losses.kthvalue(len(losses) - kept + 1).values) if kept else bound


class SegmentationLoss(nn.Module):
    """Main loss at full size plus the auxiliary heads' on subsampled targets."""

    def __init__(self, config: LossConfig, class_weights: Tensor | None = None, allowed: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        self._allowed = allowed
        # The auxiliary targets have aux_stride squared times fewer pixels, so their share of hard ones is kept alike.
        self.main = self._criterion(class_weights, config.ohem_min_kept)
        self.auxiliary = self._criterion(class_weights, config.ohem_min_kept // config.aux_stride**2)

    def _criterion(self, class_weights: Tensor | None, min_kept: int) -> CrossEntropyLoss | OhemCrossEntropyLoss:
        if self.config.kind == 'ohem':
            return OhemCrossEntropyLoss(self.config.ohem_threshold, min_kept, class_weights)
        return CrossEntropyLoss(class_weights, self._allowed)

    def forward(self, details: SFNetDetails, target: Tensor) -> Tensor:
        """Score a network's details against ``target`` (N, H, W) int64, 255 where unlabelled."""
        main, *auxiliary = self.terms(details, target)
        loss = main.mean
        for term in auxiliary:
            loss = loss + self.config.aux_weight * term.mean
        return loss

    def terms(self, details: SFNetDetails, target: Tensor) -> list[Weighed]:
        """Give what ``forward`` adds up: the main loss, then each auxiliary head's."""
        subsampled = self._subsampled(target)
        size_hw = (subsampled.shape[-2], subsampled.shape[-1])
        resized = [resize_bilinear(aux_logits.float(), size_hw) for aux_logits in details.aux_logits]
        auxiliary = [self.auxiliary.weighed(aux_logits, subsampled) for aux_logits in resized]
        return [self.main.weighed(details.logits.float(), target), *auxiliary]

    def label_weights(self, target: Tensor) -> tuple[Tensor, Tensor]:
        """Say how much the labelled pixels of a target weigh for the main and for the auxiliary losses."""
        return self.main.label_weight(target), self.auxiliary.label_weight(self._subsampled(target))

    def _subsampled(self, target: Tensor) -> Tensor:
        stride = self.config.aux_stride
        return target[:, stride // 2 :: stride, stride // 2 :: stride]


def class_weights(pixel_counts: Tensor, cap: float) -> Tensor:
    """Weigh classes by the inverse square root of their share of pixels, the median class at 1, none above ``cap``.

    Args:
        pixel_counts: ``(K,)`` labelled pixels of each class in the training split.
        cap: Largest weight; it keeps a class of a few pixels from shaking the training.
    """
    share = pixel_counts.double() / pixel_counts.sum().clamp(min=1)
    present = share > 0
    raw = torch.where(present, share.clamp(min=1e-12).rsqrt(), torch.zeros_like(share))
    return torch.clamp(raw / raw[present].median(), max=cap).float()
