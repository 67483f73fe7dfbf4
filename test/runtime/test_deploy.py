"""From logits to labels and confidences, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel


class _FixedGrid(nn.Module):
    """A network that has made up its mind: logits ``(1, K, h, w)`` whatever it sees."""

    def __init__(self, logits: list[list[list[float]]]) -> None:
        super().__init__()
        self.logits = torch.tensor([logits])

    def grid_logits_and_flows(self, _: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.logits, (torch.zeros(1, 2, *self.logits.shape[2:]),)


def _deploy(logits: list[list[list[float]]], output_hw: tuple[int, int], temperature: float = 1.0) -> tuple[list, list]:
    model = DeployModel(_FixedGrid(logits), PixelNormalizer(), temperature)
    label_map, confidence = model(torch.zeros((1, 8, 8, 3), dtype=torch.uint8), output_hw)
    assert label_map.dtype == confidence.dtype == torch.uint8
    return label_map[0].tolist(), confidence[0].tolist()


def test_confidence_is_the_probability_of_the_best_class() -> None:
    # Softmax of (0, ln 3) is (1/4, 3/4); 255 * 3/4 = 191.25.
    assert _deploy([[[0.0]], [[math.log(3)]]], (1, 2)) == ([[1, 1]], [[191, 191]])


def test_temperature_makes_confidence_modest_and_keeps_the_label() -> None:
    # At 2 the odds are sqrt(3) to 1: 255 * 0.63397 = 161.66.
    assert _deploy([[[0.0]], [[math.log(3)]]], (1, 1), temperature=2.0) == ([[1]], [[162]])


def test_logits_are_interpolated_from_corner_to_corner() -> None:
    # Between the nodes the difference of the logits goes 2, 1, 0, -1, -2.
    label_map, confidence = _deploy([[[1.0, -1.0]], [[-1.0, 1.0]]], (1, 5))
    assert label_map == [[0, 0, 0, 1, 1]]
    by_difference = {d: round(255 / (1 + math.exp(-d))) for d in (0, 1, 2)}
    assert confidence == [[by_difference[d] for d in (2, 1, 0, 1, 2)]]


def test_huge_logits_are_certain_and_no_error() -> None:
    assert _deploy([[[3e4]], [[-3e4]]], (1, 1)) == ([[0]], [[255]])


def test_of_classes_that_tie_the_first_is_taken_and_the_next_float_breaks_a_tie() -> None:
    assert _deploy([[[5.0]], [[7.0]], [[7.0]]], (1, 1)) == ([[1]], [[119]])
    above = float(np.nextafter(np.float32(7.0), np.float32(8.0)))
    assert _deploy([[[7.0]], [[7.0]], [[above]]], (1, 1)) == ([[2]], [[85]])
    tiny = 1e-20
    assert _deploy([[[0.0]], [[tiny]], [[-tiny]]], (1, 1)) == ([[1]], [[85]])


def test_255_classes_fit() -> None:
    logits = [[[0.0]]] * 254 + [[[20.0]]]
    assert _deploy(logits, (1, 1)) == ([[254]], [[255]])


def test_at_the_input_size_labels_are_those_of_the_logits() -> None:
    torch.manual_seed(0)
    model = create_model(SFNetConfig('df1', num_classes=11)).eval()
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 65, 97, 3), np.uint8))
    normalizer = PixelNormalizer()
    with torch.inference_mode():
        label_map, confidence = DeployModel(model, normalizer)(pixels, (65, 97))
        probabilities = model(normalizer(pixels)).softmax(dim=1)
    assert torch.equal(label_map.long(), probabilities.argmax(dim=1))
    assert (confidence - 255 * probabilities.amax(dim=1)).abs().max() <= 0.51


@pytest.mark.parametrize(
    ('pixels', 'sentence'),
    [
        (torch.zeros((1, 8, 8, 3)), r'pixels are float32 of shape \(1, 8, 8, 3\); uint8 of \(N, H, W, 3\)'),
        (torch.zeros((8, 8, 3), dtype=torch.uint8), r'uint8 of shape \(8, 8, 3\)'),
        (torch.zeros((1, 3, 8, 8), dtype=torch.uint8), r'uint8 of shape \(1, 3, 8, 8\)'),
        (torch.zeros((1, 0, 8, 3), dtype=torch.uint8), r'uint8 of shape \(1, 0, 8, 3\)'),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels: Tensor, sentence: str) -> None:
    model = DeployModel(_FixedGrid([[[0.0]]]), PixelNormalizer())
    with pytest.raises(ValueError, match=sentence):
        model(pixels, (8, 8))
