"""Whether an exported graph gives the labels that torch gives."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.labelling import label_whole
from sfnet_ros.runtime.optional import require

LIBRARIES = ('onnxruntime',)

# Of 255: what rounding may change a confidence by.
_CONFIDENCE_TOLERANCE = 3


def labels_in_common(graph: Path, deploy_model: DeployModel, frames: Iterable[NDArray[np.uint8]], batch: int) -> float:
    """Run a graph of `export_grid` or `export_labels` in onnxruntime beside torch in float32.

    Args:
        graph: The file.
        deploy_model: What it was made of.
        frames: ``(H, W, 3)`` each, at a size that the graph takes.
        batch: How many pictures it takes at once, see `batch_of`.

    Returns:
        Share of the pixels that both label alike, 0 to 1, where the graph gives confidences with the same one too.

    Raises:
        ValueError: onnxruntime is not installed, or there is no frame.
    """
    require(LIBRARIES, 'the check of an exported graph', 'onnxruntime')
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=['CPUExecutionProvider'])
    gives_labels = session.get_outputs()[0].name == 'label_map'
    equal = total = 0
    for frame in frames:
        pixels, size_hw = batch_of(frame, batch), frame.shape[:2]
        first, second = map(torch.from_numpy, session.run(None, {'pixels': pixels}))
        with torch.inference_mode():
            expected, expected_confidence = deploy_model(torch.from_numpy(pixels), size_hw)
            found = (first, second) if gives_labels else label_whole(first, deploy_model.temperature, size_hw)
        label_map, confidence = found
        sure = (confidence.int() - expected_confidence.int()).abs() <= _CONFIDENCE_TOLERANCE
        equal += int(((label_map == expected) & sure).sum())
        total += expected.numel()
    if not total:
        raise ValueError('there is no frame to check the exported graph on; give --frames with pictures')
    return equal / total


def batch_of(frame: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Stack a frame ``(H, W, 3)`` and its mirror image in turns, so that neighbours in a batch are told apart."""
    return np.stack([frame[:, ::-1] if index % 2 else frame for index in range(count)])
