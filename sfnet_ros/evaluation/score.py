"""Scoring of whatever turns a picture into a label map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sfnet_ros.evaluation.confusion import ConfusionMatrix
from sfnet_ros.labels import LabelSpace


def scores_table(confusion: ConfusionMatrix, label_space: LabelSpace) -> str:
    """Write IoU per class and their mean as lines of text, in percent."""
    width = max(len(name) for name in (*label_space.names, 'mIoU'))
    rows = [
        f'{name:<{width}}  {_percent(iou)}'
        for name, iou in zip(label_space.names, confusion.iou_per_class, strict=True)
    ]
    return '\n'.join([*rows, f'{"mIoU":<{width}}  {_percent(confusion.miou)}'])


def scores_row(scores: Mapping[str, ConfusionMatrix], label_space: LabelSpace) -> str:
    """Write a Markdown table in percent, classes across, a row for each method, as the paper's tables 7 and 8."""
    head = ['Method', *label_space.names, 'mIoU']
    rows = [
        [name, *(_percent(iou).strip() for iou in confusion.iou_per_class), _percent(confusion.miou).strip()]
        for name, confusion in scores.items()
    ]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in (head, ['---'] * len(head), *rows))


def _percent(value: float) -> str:
    return f'{100 * value:5.1f}' if np.isfinite(value) else '    -'
