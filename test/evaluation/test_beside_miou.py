from __future__ import annotations

import math

import numpy as np
import pytest

from sfnet_ros.evaluation import BoundaryScore, Calibration, Flicker, Motion, small_grey, small_labels


def ids(*values):
    return np.array([values], np.uint8)


def test_calibration_error_counted_by_hand():
    calibration = Calibration()
    # Two of four are right at 255 (1.0); the only one at 51 (0.2) is wrong; void does not count, but is in the mean.
    calibration.update(ids(0, 0, 0, 0, 1, 1), ids(255, 255, 255, 255, 51, 0), ids(0, 0, 1, 1, 0, 255))
    assert calibration.ece == pytest.approx((4 * 0.5 + 1 * 0.2) / 5)
    assert calibration.mean_confidence == pytest.approx((4 + 0.2) / 6)
    last = calibration.reliability()[-1]
    assert (last.pixels, last.confidence, last.accuracy) == (4, 1.0, 0.5)


def test_calibration_without_truth_has_confidences_alone():
    calibration = Calibration()
    calibration.update(ids(0, 1), ids(0, 255), None)
    assert math.isnan(calibration.ece)
    assert calibration.mean_confidence == 0.5


def halves(column, width=40):
    label_map = np.zeros((40, width), np.uint8)
    label_map[:, column:] = 1
    return label_map


def test_boundary_within_the_tolerance_is_met_and_one_beyond_is_not():
    near, far = BoundaryScore(2), BoundaryScore(2)
    # 0.75 % of the diagonal of 40x40 rounds up to 1 px.
    near.update(halves(21), halves(20))
    far.update(halves(24), halves(20))
    assert near.f_per_class.tolist() == [1.0, 1.0]
    assert far.f_per_class.tolist() == [0.0, 0.0]
    near.merge(far)
    assert near.f_score == 0.5


def test_boundary_to_the_unknown_is_none():
    target = np.where(halves(20) == 1, 255, 0).astype(np.uint8)
    boundary = BoundaryScore(2)
    boundary.update(halves(10), target)
    # What is predicted within the known half counts, what meets the unknown does not.
    assert boundary.f_per_class.tolist() == [0.0, 0.0]
    nothing = BoundaryScore(2)
    nothing.update(np.zeros((40, 40), np.uint8), target)
    assert math.isnan(nothing.f_score)


def test_boundaries_of_many_classes_are_those_of_each_alone():
    # Far from and near to each other, and more classes than are looked at together.
    patches = np.random.default_rng(0).integers(0, 35, (2, 10, 12)).astype(np.uint8)
    label_map, target = (np.kron(ids, np.ones((7, 9), np.uint8)) for ids in patches)
    target[target == 34] = 255
    label_map[label_map == 34] = 0
    together = BoundaryScore(34)
    together.update(label_map, target)
    for class_id in range(34):
        # All others are one class, whose boundary with this one is the same.
        alone = BoundaryScore(2)
        true = np.where(target == 255, 255, target == class_id).astype(np.uint8)
        alone.update((label_map == class_id).astype(np.uint8), true)
        assert alone.f_per_class[1] == together.f_per_class[class_id]
    assert together.f_score > 0


def texture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (64, 80, 3)).astype(np.uint8)


def test_labels_that_change_while_the_picture_stands_still_are_flicker():
    grey = small_grey(texture())
    before, now = np.zeros((64, 80), np.uint8), np.zeros((64, 80), np.uint8)
    now[:16] = 1
    flicker = Flicker()
    assert flicker.update(Motion.between(grey, grey), before, now) == 0.25
    assert flicker.update(Motion.between(grey, grey), now, now) == 0.0
    assert flicker.share == 0.125


def test_labels_are_not_compared_where_the_picture_changed():
    flicker = Flicker()
    black, white = np.zeros((64, 80), np.uint8), np.full((64, 80), 255, np.uint8)
    assert math.isnan(flicker.update(Motion.between(black, white), black, np.ones_like(black)))


def test_labels_that_move_with_the_picture_are_no_flicker():
    wide = np.kron(np.random.default_rng(1).integers(0, 256, (16, 24)), np.ones((8, 8))).astype(np.uint8)
    labels = (wide > 127).astype(np.uint8)
    moved, still = Flicker(), Flicker()
    grey = [wide[:, 4:-4], wide[:, 2:-6]]
    parts = [labels[:, 4:-4], labels[:, 2:-6]]
    moved.update(Motion.between(*grey), *parts)
    still.update(Motion.between(grey[0], grey[0]), *parts)
    assert moved.share < still.share / 3


def test_large_frames_are_looked_at_smaller_and_tiny_ones_stand_still():
    grey = small_grey(np.zeros((1024, 2048, 3), np.uint8))
    assert grey.shape == (240, 480)
    assert small_labels(np.zeros((1024, 2048), np.uint8), grey).shape == grey.shape
    tiny = np.zeros((5, 7), np.uint8)
    assert Flicker().update(Motion.between(tiny, tiny), tiny, tiny) == 0.0
