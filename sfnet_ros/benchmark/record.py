"""Which pairs of backend and precision keep float32's labels, over a whole set of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.benchmark.pairs import NotRun
from sfnet_ros.evaluation import LabelAgreement
from sfnet_ros.own_process import ERRORS
from sfnet_ros.runtime import Segmenter
from sfnet_ros.runtime.backends import Choice


def measure_agreement(
    model: Path, choices: Sequence[Choice], frames: Iterable[NDArray[np.uint8]]
) -> tuple[dict[str, float], list[NotRun]]:
    """Hold the labels of pairs against those of torch in float32, at the model's own network size.

    Args:
        model: Its folder.
        choices: At least one, all on one device; torch in float32 itself is passed over.
        frames: ``(H, W, 3)`` each, of any sizes.

    Returns:
        The share of equal labels, 0 to 1, by pair (``'torch/bfloat16'``); and the pairs that failed, with the reason.
    """
    reference_choice = Choice('torch', choices[0].device, 'float32')
    reference = _open(model, reference_choice)
    segmenters, failed = dict[str, Segmenter](), list[NotRun]()
    for choice in (choice for choice in choices if choice != reference_choice):
        pair = f'{choice.backend}/{choice.precision}'
        try:
            segmenters[pair] = _open(model, choice)
        except ERRORS as error:
            failed.append(NotRun.because_of(pair, error))
    agreements = {pair: LabelAgreement() for pair in segmenters}
    for rgb in frames:
        expected = reference(rgb).label_map
        for pair, segmenter in segmenters.items():
            agreements[pair].update(segmenter(rgb).label_map, expected)
    return {pair: agreement.share for pair, agreement in agreements.items()}, failed


def _open(model: Path, choice: Choice) -> Segmenter:
    return Segmenter.from_model(model, backend=choice.backend, device=choice.device, precision=choice.precision)
