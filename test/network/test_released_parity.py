"""Our networks compute what the authors' released code computes, weight for weight."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from released_reference import DATA, expected_logits, network_input, released_state

from sfnet_ros.network import load_released_checkpoint

REFERENCES = sorted(DATA.glob('official_*.npz'))


@pytest.mark.parametrize('reference', REFERENCES, ids=lambda path: path.stem)
def test_released_weights_give_the_released_logits(reference):
    model, _ = load_released_checkpoint(released_state(reference))
    even, odd = expected_logits(reference)
    for seed, shape, step, expected in ((0, (1, 3, 128, 256), 4, even), (1, (1, 3, 90, 122), 3, odd)):
        with torch.inference_mode():
            logits = model(network_input(seed, shape))[:, :, ::step, ::step].numpy()
        error = np.abs(logits - expected).max()
        assert error <= 1e-5 * max(1.0, np.abs(expected).max()), f'{reference.stem}: off by {error}'
