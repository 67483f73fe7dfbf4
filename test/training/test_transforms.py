from __future__ import annotations

import numpy as np
import pytest

from sfnet_ros.training.sections import AugmentConfig
from sfnet_ros.training.transforms import Augmentation

STILL = {'brightness': 0.0, 'contrast': 0.0, 'saturation': 0.0, 'flip_probability': 0.0}


def picture(height=60, width=80):
    """A picture that shows its own label: class 1 is white, class 0 is black."""
    target = np.zeros((height, width), np.uint8)
    target[20:40, 30:60] = 1
    return np.repeat(target[..., None] * 255, 3, axis=2), target


def augmented(config, image, target, *, seed=0, rare_classes=(), zoom=1.0):
    return Augmentation(config, rare_classes)(image, target, np.random.default_rng(seed), zoom=zoom)


@pytest.mark.parametrize('seed', range(8))
def test_picture_and_truth_stay_aligned_and_padding_is_void(seed):
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(0.4, 2.0), **{**STILL, 'flip_probability': 0.5})
    image, target = augmented(config, *picture(), seed=seed)
    assert image.shape == (64, 96, 3)
    assert target.shape == (64, 96)
    assert image.dtype == target.dtype == np.uint8
    labelled = target != 255
    shown = image[..., 0] > 127
    agreement = (shown == target.astype(bool))[labelled].mean()
    assert labelled.any()
    # All but the blend along the edges.
    assert agreement > 0.98


def test_the_whole_picture_at_its_own_size_is_left_as_it_is():
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **STILL)
    image, target = picture(64, 96)
    got_image, got_target = augmented(config, image, target)
    np.testing.assert_array_equal(got_image, image)
    np.testing.assert_array_equal(got_target, target)


def test_crops_are_centred_on_rare_classes():
    image, target = picture(600, 800)
    target[:] = 0
    target[300, 400] = 7
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), rare_class_probability=1.0, **STILL)
    assert all((augmented(config, image, target, seed=seed, rare_classes=[7])[1] == 7).any() for seed in range(10))


def test_crops_hold_a_rare_pixel_in_a_corner_at_the_largest_scale():
    image, target = picture()
    target[:] = 0
    target[0, 0] = 7
    config = AugmentConfig(crop_hw=(32, 32), scale_range=(10.0, 10.0), rare_class_probability=1.0, **STILL)
    assert all((augmented(config, image, target, seed=seed, rare_classes=[7])[1] == 7).any() for seed in range(20))


def test_zoom_enlarges_the_crop_and_what_is_in_it():
    image, target = picture(64, 96)
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **STILL)
    zoomed = augmented(config, image, target, zoom=2.0)[1]
    assert zoomed.shape == (128, 192)
    assert (zoomed == 1).sum() == 4 * (target == 1).sum()


@pytest.mark.parametrize(
    'change',
    [
        {'brightness': 0.5},
        {'contrast': 0.5},
        {'saturation': 0.9},
        {'hue': 0.4, 'hue_probability': 1.0},
        {'grayscale_probability': 1.0},
        {'blur_probability': 1.0},
        {'gamma': 1.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_change_of_colour_changes_pixels_and_no_label(change):
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    target = np.zeros((64, 96), np.uint8)
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **{**STILL, **change})
    changed, same = augmented(config, image, target)
    assert not np.array_equal(changed, image)
    np.testing.assert_array_equal(same, target)


@pytest.mark.parametrize(
    ('change', 'color', 'expected'),
    [
        ({'saturation': 1.0}, (90, 90, 90), (90, 90, 90)),
        ({'grayscale_probability': 1.0}, (250, 0, 0), (75, 75, 75)),
        ({'hue': 0.4, 'hue_probability': 1.0}, (128, 128, 128), (128, 128, 128)),
        ({'contrast': 0.9}, (60, 60, 60), (60, 60, 60)),
    ],
    ids=['saturation leaves gray', 'gray is luminance', 'hue leaves gray', 'contrast leaves the mean'],
)
def test_colours_that_a_change_leaves_alone_stay(change, color, expected):
    image, target = np.full((64, 96, 3), color, np.uint8), np.zeros((64, 96), np.uint8)
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **{**STILL, **change})
    changed, _ = augmented(config, image, target, seed=1)
    assert np.abs(changed.astype(int) - expected).max() <= 1


def test_one_seed_gives_one_result():
    config = AugmentConfig(crop_hw=(64, 96), hue=0.1, hue_probability=0.5, blur_probability=0.5, gamma=0.5)
    first, second = (augmented(config, *picture(), seed=3, rare_classes=[1]) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
