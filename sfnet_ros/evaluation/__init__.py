"""Scores of label maps against the truth."""

from sfnet_ros.evaluation.agreement import LabelAgreement
from sfnet_ros.evaluation.confusion import ConfusionMatrix
from sfnet_ros.evaluation.score import score, scores_table

__all__ = ['ConfusionMatrix', 'LabelAgreement', 'score', 'scores_table']
