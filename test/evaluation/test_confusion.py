from __future__ import annotations

import numpy as np
import pytest

from sfnet_ros.evaluation import ConfusionMatrix, LabelAgreement, scores_table
from sfnet_ros.labels import LabelClass, LabelSpace


def ids(*values):
    return np.array(values, np.uint8)


def test_scores_of_a_matrix_counted_by_hand():
    confusion = ConfusionMatrix(2)
    confusion.update(ids(0, 0, 1, 1, 0), ids(0, 1, 1, 1, 255))
    assert confusion.matrix.tolist() == [[1, 0], [1, 2]]
    assert confusion.iou_per_class.tolist() == [1 / 2, 2 / 3]
    assert confusion.miou == pytest.approx(7 / 12)
    assert confusion.pixel_accuracy == pytest.approx(3 / 4)


def test_the_mean_is_over_the_whole_set_and_not_over_pictures():
    confusion = ConfusionMatrix(2)
    confusion.update(ids(0, 0, 0, 0), ids(0, 0, 0, 1))
    confusion.update(ids(1), ids(1))
    assert confusion.iou_per_class.tolist() == [3 / 4, 1 / 2]


def test_a_class_that_does_not_occur_is_left_out_and_one_predicted_wrongly_counts():
    confusion = ConfusionMatrix(3)
    confusion.update(ids(0, 0), ids(0, 0))
    assert np.isnan(confusion.iou_per_class[1:]).all()
    assert confusion.miou == 1.0
    confusion.update(ids(2), ids(0))
    assert confusion.iou_per_class[2] == 0.0


def test_an_unlabelled_prediction_misses_its_class():
    confusion = ConfusionMatrix(2)
    confusion.update(ids(0, 255), ids(0, 0))
    assert confusion.iou_per_class[0] == 0.5
    assert confusion.pixel_accuracy == 0.5


def test_nothing_scored_gives_no_number():
    confusion = ConfusionMatrix(2)
    confusion.update(ids(0), ids(255))
    assert np.isnan(confusion.miou)
    assert np.isnan(confusion.pixel_accuracy)


def test_merged_halves_equal_the_whole():
    random = np.random.default_rng(0)
    label_map, target = random.integers(0, 4, (2, 8, 8)).astype(np.uint8)
    whole, left, right = ConfusionMatrix(4), ConfusionMatrix(4), ConfusionMatrix(4)
    whole.update(label_map, target)
    left.update(label_map[:4], target[:4])
    right.update(label_map[4:], target[4:])
    left.merge(right)
    assert (left.matrix == whole.matrix).all()


def test_sizes_and_ids_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r'label map is \(1,\) and target \(2,\)'):
        ConfusionMatrix(2).update(ids(0), ids(0, 0))
    with pytest.raises(ValueError, match='train ids go up to 2; accepted are 0 to 1 and 255'):
        ConfusionMatrix(2).update(ids(2), ids(0))
    with pytest.raises(ValueError, match='3 classes cannot join one of 2'):
        ConfusionMatrix(2).merge(ConfusionMatrix(3))


def test_the_table_is_in_percent_and_marks_classes_that_do_not_occur():
    space = LabelSpace('two', tuple(LabelClass(name, (0, 0, i), (i,)) for i, name in enumerate(('road', 'car'))))
    confusion = ConfusionMatrix(2)
    confusion.update(ids(0, 0), ids(0, 255))
    assert scores_table(confusion, space).splitlines() == ['road  100.0', 'car       -', 'mIoU  100.0']


def test_agreement_is_counted_over_pixels_of_the_whole_set():
    agreement = LabelAgreement()
    assert np.isnan(agreement.share)
    agreement.update(ids(0, 1), ids(0, 2))
    agreement.update(ids(3, 3), ids(3, 3))
    assert agreement.share == 0.75
    with pytest.raises(ValueError, match='accepted are equal shapes'):
        agreement.update(ids(0), ids(0, 0))
