from __future__ import annotations

import math

import pytest
import torch

from sfnet_ros.network import SFNetDetails
from sfnet_ros.training.losses import CrossEntropyLoss, OhemCrossEntropyLoss, SegmentationLoss, class_weights
from sfnet_ros.training.sections import LossConfig

VOID = 255


def two_class_logits(*margins):
    """Logits (1, 2, 1, W) whose class 0 leads class 1 by the margins."""
    return torch.tensor([list(margins), [0.0] * len(margins)]).view(1, 2, 1, -1).requires_grad_()


def target_of(*ids):
    return torch.tensor(ids).view(1, 1, -1)


def entropy(margin):
    return math.log1p(math.exp(-margin))


def test_cross_entropy_is_the_mean_over_labelled_pixels():
    loss = CrossEntropyLoss()(two_class_logits(1.0, 3.0, 9.0), target_of(0, 0, VOID))
    assert loss.item() == pytest.approx((entropy(1.0) + entropy(3.0)) / 2, rel=1e-5)


def test_class_weights_make_a_weighted_mean():
    loss = CrossEntropyLoss(torch.tensor([1.0, 3.0]))(two_class_logits(1.0, 2.0), target_of(0, 1))
    assert loss.item() == pytest.approx((entropy(1.0) + 3 * entropy(-2.0)) / 4, rel=1e-5)


def test_ohem_keeps_pixels_under_the_threshold():
    # Probabilities of the true class: 0.5, 0.73, 0.95.
    loss = OhemCrossEntropyLoss(threshold=0.8, min_kept=0)(two_class_logits(0.0, 1.0, 3.0), target_of(0, 0, 0))
    assert loss.item() == pytest.approx((entropy(0.0) + entropy(1.0)) / 2, rel=1e-5)


def test_ohem_keeps_the_hardest_when_few_are_hard():
    loss = OhemCrossEntropyLoss(threshold=0.1, min_kept=2)(two_class_logits(2.0, 1.0, 3.0), target_of(0, 0, 0))
    assert loss.item() == pytest.approx((entropy(1.0) + entropy(2.0)) / 2, rel=1e-5)


def test_ohem_of_easy_pixels_alone_is_zero():
    loss = OhemCrossEntropyLoss(threshold=0.1, min_kept=0)(two_class_logits(5.0, 6.0), target_of(0, 0))
    assert loss.item() == 0.0


@pytest.mark.parametrize('kind', ['cross_entropy', 'ohem'])
@pytest.mark.parametrize('weights', [None, torch.tensor([1.0, 2.0])], ids=['plain', 'weighted'])
def test_a_crop_of_nothing_but_void_gives_zero_and_no_nan(kind, weights):
    logits = torch.randn(1, 2, 16, 16, requires_grad=True)
    aux_logits = torch.randn(1, 2, 2, 2, requires_grad=True)
    details = SFNetDetails(logits, (aux_logits,), (), ())
    loss = SegmentationLoss(LossConfig(kind=kind), weights)(details, torch.full((1, 16, 16), VOID))
    loss.backward()
    assert loss.item() == 0.0
    assert (logits.grad == 0).all()
    assert (aux_logits.grad == 0).all()


def test_the_kind_of_the_config_is_the_kind_of_the_loss():
    assert isinstance(SegmentationLoss(LossConfig(kind='cross_entropy'), None).main, CrossEntropyLoss)
    loss = SegmentationLoss(LossConfig(kind='ohem', ohem_min_kept=6400, aux_stride=8), None)
    assert isinstance(loss.main, OhemCrossEntropyLoss)
    assert (loss.main.min_kept, loss.auxiliary.min_kept) == (6400, 100)


def test_auxiliary_losses_are_added_by_their_weight():
    details = SFNetDetails(torch.zeros(1, 2, 16, 16), (torch.zeros(1, 2, 4, 4),) * 2, (), ())
    loss = SegmentationLoss(LossConfig(aux_weight=0.4), None)(details, torch.zeros(1, 16, 16, dtype=torch.long))
    assert loss.item() == pytest.approx((1 + 2 * 0.4) * math.log(2), rel=1e-5)


def test_rare_classes_weigh_more_up_to_the_cap_and_absent_ones_nothing():
    weights = class_weights(torch.tensor([9_900, 99, 1, 0]), cap=4.0)
    assert weights.tolist() == pytest.approx([0.1, 1.0, 4.0, 0.0])
