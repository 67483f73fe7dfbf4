from __future__ import annotations

import pytest
import torch

from sfnet_ros.training.schedules import averaged_model, poly_with_warmup


def test_the_learning_rate_rises_then_falls_to_zero():
    def factor(step):
        return poly_with_warmup(step, steps=100, warmup_steps=10, power=0.9)

    assert factor(0) == pytest.approx(0.1)
    assert factor(49) == pytest.approx(0.51**0.9)
    assert factor(100) == 0.0


def test_the_running_mean_follows_weights_and_batch_norm_statistics():
    model = torch.nn.BatchNorm2d(1)
    averaged = averaged_model(model, decay=0.5)
    for value in (2.0, 4.0):
        model.weight.data.fill_(value)
        model.running_mean.fill_(value)
        model.num_batches_tracked.fill_(int(value))
        averaged.update_parameters(model)
    # The first update copies, the second forgets at the early rate of 2 / 11.
    expected = 4.0 - (4.0 - 2.0) * 2 / 11
    assert averaged.module.weight.item() == pytest.approx(expected)
    assert averaged.module.running_mean.item() == pytest.approx(expected)
    # What is counted has no mean.
    assert averaged.module.num_batches_tracked.item() == 4
