"""Losses on logits, all of them finite also where nothing is labelled."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from sfnet_ros.labels import LabelSpace
from sfnet_ros.network import SFNetDetails
from sfnet_ros.network.layers import resize_bilinear
from sfnet_ros.training.config import LossConfig

Criterion = Callable[[Tensor, Tensor], Tensor]


class CrossEntropyLoss(nn.Module):
    """Mean of the (weighted) cross-entropy over labelled pixels; zero, with a gradient of zero, where there is none.

    Args:
        class_weights: ``(K,)`` or None.
    """

    class_weights: Tensor | None

    def __init__(self, class_weights: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer('class_weights', class_weights, persistent=False)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Score ``logits`` (N, K, H, W) against ``target`` (N, H, W) int64."""
        total = functional.cross_entropy(
            logits, target, self.class_weights, ignore_index=LabelSpace.ignore_index, reduction='sum'
        )
        labelled = target[target != LabelSpace.ignore_index]
        weight = len(labelled) if self.class_weights is None else self.class_weights[labelled].sum()
        return total / torch.clamp(torch.as_tensor(weight, dtype=total.dtype), min=1e-6)


class OhemCrossEntropyLoss(nn.Module):
    """Cross-entropy over the hard pixels of a batch alone.

    A pixel is hard when its true class has a probability of at most ``threshold``; when fewer than ``min_kept`` are,
    the hardest ``min_kept`` are taken.

    Source: the authors' released recipe, threshold 0.7; Shrivastava et al. 2016.
    """

    class_weights: Tensor | None

    def __init__(self, threshold: float, min_kept: int, class_weights: Tensor | None = None) -> None:
        super().__init__()
        self.threshold = threshold
        self.min_kept = min_kept
        self.register_buffer('class_weights', class_weights, persistent=False)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Score ``logits`` (N, K, H, W) against ``target`` (N, H, W) int64."""
        per_pixel = functional.cross_entropy(logits, target, ignore_index=LabelSpace.ignore_index, reduction='none')
        labelled = target != LabelSpace.ignore_index
        losses, classes = per_pixel[labelled], target[labelled]
        if not len(losses):
            return logits.sum() * 0.0
        kept = min(self.min_kept, len(losses))
        # A probability of at most t is a loss of at least -log t; the kept-th hardest loss widens that where needed.
        bound = -torch.log(torch.tensor(self.threshold, dtype=losses.dtype, device=losses.device))
        if kept:
            bound = torch.minimum(bound, losses.detach().kthvalue(len(losses) - kept + 1).values)
        hard = losses.detach() >= bound
        if self.class_weights is None:
            return losses[hard].sum() / hard.sum().clamp(min=1)
        weights = self.class_weights[classes[hard]]
        return (losses[hard] * weights).sum() / weights.sum().clamp(min=1e-6)


class SegmentationLoss(nn.Module):
    """Main loss at full size plus the auxiliary heads' on subsampled targets."""

    def __init__(self, config: LossConfig, class_weights: Tensor | None) -> None:
        super().__init__()
        self.config = config
        # The auxiliary targets have aux_stride squared times fewer pixels, so their share of hard ones is kept alike.
        self.main = self._criterion(class_weights, config.ohem_min_kept)
        self.auxiliary = self._criterion(class_weights, config.ohem_min_kept // config.aux_stride**2)

    def _criterion(self, class_weights: Tensor | None, min_kept: int) -> nn.Module:
        if self.config.kind == 'ohem':
            return OhemCrossEntropyLoss(self.config.ohem_threshold, min_kept, class_weights)
        return CrossEntropyLoss(class_weights)

    def forward(self, details: SFNetDetails, target: Tensor) -> Tensor:
        """Score a network's details against ``target`` (N, H, W) int64, 255 where unlabelled."""
        loss: Tensor = self.main(details.logits.float(), target)
        stride = self.config.aux_stride
        subsampled = target[:, stride // 2 :: stride, stride // 2 :: stride]
        size_hw = (subsampled.shape[-2], subsampled.shape[-1])
        for aux_logits in details.aux_logits:
            resized = resize_bilinear(aux_logits.float(), size_hw)
            loss = loss + self.config.aux_weight * self.auxiliary(resized, subsampled)
        return loss


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
