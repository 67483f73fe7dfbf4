from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.segmentation.filtering import LabelFilter, check_filter_classes, load_ignore_mask
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime import Segmentation
from sfnet_ros.runtime.segmenter import Timing

CAMVID = LabelSpace.load('camvid')
SKY, ROAD, CAR = 0, 3, 8
LABELS = np.array([[SKY, ROAD, CAR], [CAR, ROAD, SKY]], np.uint8)
CONFIDENCE = np.array([[255, 128, 127], [0, 1, 200]], np.uint8)


def filtered(
    parameters: NodeParameters, ignore_mask: NDArray[np.uint8] | None = None
) -> tuple[list[list[int]], list[list[int]]]:
    segmentation = Segmentation(LABELS.copy(), CONFIDENCE.copy(), Timing(0.0, 0.0))
    result = LabelFilter(CAMVID, ignore_mask).apply(segmentation, parameters)
    # What came is left as it was: it may be shown elsewhere.
    np.testing.assert_array_equal(segmentation.label_map, LABELS)
    np.testing.assert_array_equal(segmentation.confidence, CONFIDENCE)
    return result.label_map.tolist(), result.confidence.tolist()


def test_without_a_filter_the_segmentation_is_handed_on_as_it_is() -> None:
    segmentation = Segmentation(LABELS, CONFIDENCE, Timing(0.0, 0.0))
    assert LabelFilter(CAMVID, None).apply(segmentation, NodeParameters()) is segmentation


def test_pixels_of_filtered_classes_are_255_without_confidence() -> None:
    assert filtered(NodeParameters(filter_classes=('Car', 'Sky'))) == (
        [[255, ROAD, 255], [255, ROAD, 255]],
        [[0, 128, 0], [0, 1, 0]],
    )


def test_classes_of_another_model_are_passed_over_while_that_one_loads() -> None:
    assert filtered(NodeParameters(filter_classes=('terrain', 'Car')))[0] == [[SKY, ROAD, 255], [255, ROAD, SKY]]


@pytest.mark.parametrize('threshold', [0.001, 0.25, 0.5, 128 / 255, 0.9, 1.0])
def test_pixels_are_255_where_the_class_is_less_probable_than_the_threshold(threshold: float) -> None:
    confidence = np.arange(256, dtype=np.uint8).reshape(16, 16)
    segmentation = Segmentation(np.full((16, 16), CAR, np.uint8), confidence, Timing(0.0, 0.0))
    result = LabelFilter(CAMVID, None).apply(segmentation, NodeParameters(confidence_threshold=threshold))
    unsure = confidence / 255 < threshold - 1e-12
    assert unsure.sum() == math.ceil(255 * threshold)
    np.testing.assert_array_equal(result.label_map, np.where(unsure, 255, CAR))
    np.testing.assert_array_equal(result.confidence, np.where(unsure, 0, confidence))


def test_ignore_mask_is_fitted_to_every_size_by_the_nearest_pixels() -> None:
    label_filter = LabelFilter(CAMVID, np.array([[0, 7]], np.uint8))
    for height, width in [(2, 6), (3, 4), (2, 6)]:
        segmentation = Segmentation(*np.full((2, height, width), ROAD, np.uint8), Timing(0.0, 0.0))
        result = label_filter.apply(segmentation, NodeParameters())
        assert (result.label_map == 255).tolist() == [[False] * (width // 2) + [True] * (width // 2)] * height


def test_filters_add_up() -> None:
    mask = np.array([[1, 0, 0], [0, 0, 0]], np.uint8)
    parameters = NodeParameters(confidence_threshold=0.4, filter_classes=('Road',))
    assert filtered(parameters, mask) == ([[255, 255, CAR], [255, 255, SKY]], [[0, 0, 127], [0, 0, 200]])


def test_a_filtered_class_that_is_none_is_refused_with_its_nearest_neighbour() -> None:
    check_filter_classes(CAMVID, NodeParameters(filter_classes=('Car', 'Sky')))
    with pytest.raises(ValueError, match=r"filter_classes names 'car', .* camvid; did you mean 'Car'\?"):
        check_filter_classes(CAMVID, NodeParameters(filter_classes=('Sky', 'car')))


def test_ignore_mask_is_where_the_picture_is_not_black(tmp_path: Path) -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 1], picture[1, 2, 2] = 255, 1
    cv2.imwrite(str(tmp_path / 'front_body.png'), picture)
    mask = load_ignore_mask(f'{tmp_path}/{{camera}}_body.png', 'front')
    assert (mask > 0).tolist() == [[False, True, False], [False, False, True]]


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        (None, r'ignore_mask: .*mask\.png cannot be read \(No such file or directory\)'),
        (b'\xff\xd8\xff\xe0', r'ignore_mask takes a PNG, and .*mask\.png cannot be used: it is no PNG'),
        (b'\x89PNG\r\n\x1a\n', r'cannot be used: PNG data does not begin with its header'),
        (b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff', 'is more than the 33554432 pixels accepted'),
    ],
)
def test_an_ignore_mask_that_is_none_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / 'mask.png'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        load_ignore_mask(str(path), '')
