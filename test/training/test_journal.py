from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.training.journal import Journal, Validation


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
