from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.training.engine import train
from sfnet_ros.training.journal import Journal, Validation
from sfnet_ros.training.trainer import Trainer


@pytest.mark.parametrize(('size_hw', 'shown_hw'), [((360, 1440), (360, 1440)), ((1024, 6144), (256, 1536))])
def test_pictures_are_shown_at_a_size_that_a_browser_takes(tmp_path, size_hw, shown_hw):
    journal = Journal(tmp_path, ['a', 'b'])
    picture = np.full((*size_hw, 3), (10, 200, 90), np.uint8)
    journal.validation(SimpleNamespace(step=3), Validation(ConfusionMatrix(2), [picture]))
    journal.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    (shown,) = events.Images('validation/picture 0')
    assert (shown.step, shown.height, shown.width) == (3, *shown_hw)


def test_each_step_is_noted_with_the_learning_rate_that_it_was_taken_at(config, drive, tmp_path):
    settings = config(epochs=2, lr=0.1, warmup_steps=2, poly_power=1.0)
    trainer = Trainer(settings, drive, None, torch.device('cpu'))
    assert trainer.steps == 6
    journal = Journal(tmp_path / 'tensorboard', drive.label_space.names)
    train(trainer, tmp_path, journal=journal)
    journal.close()
    events = EventAccumulator(str(tmp_path / 'tensorboard'))
    events.Reload()
    noted = {event.step: event.value for event in events.Scalars('train/lr')}
    expected = [0.05 * 6 / 6, 0.1 * 5 / 6, 0.1 * 4 / 6, 0.1 * 3 / 6, 0.1 * 2 / 6, 0.1 * 1 / 6]
    assert noted == pytest.approx(dict(enumerate(expected, start=1)), rel=1e-6)
