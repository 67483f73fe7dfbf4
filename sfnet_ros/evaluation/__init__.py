"""Scores of label maps against the truth, and of what needs none."""

from sfnet_ros.evaluation.agreement import LabelAgreement
from sfnet_ros.evaluation.boundary import BoundaryScore
from sfnet_ros.evaluation.calibration import Calibration
from sfnet_ros.evaluation.confusion import ConfusionMatrix
from sfnet_ros.evaluation.flicker import Flicker, Motion, small_grey, small_labels
from sfnet_ros.evaluation.pairs import count_bytes
from sfnet_ros.evaluation.score import scores_row, scores_table

__all__ = [
    'BoundaryScore',
    'Calibration',
    'ConfusionMatrix',
    'Flicker',
    'LabelAgreement',
    'Motion',
    'count_bytes',
    'scores_row',
    'scores_table',
    'small_grey',
    'small_labels',
]
