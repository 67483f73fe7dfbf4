from __future__ import annotations

import pytest
import torch

from sfnet_ros.training.sections import AugmentConfig
from sfnet_ros.training.transforms import Augmentation

STILL = {'brightness': 0.0, 'contrast': 0.0, 'saturation': 0.0, 'flip_probability': 0.0}


def picture(height=60, width=80):
    """A picture that shows its own label: class 1 is white, class 0 is black."""
    target = torch.zeros(height, width, dtype=torch.uint8)
    target[20:40, 30:60] = 1
    return (target * 255).expand(3, -1, -1).clone(), target


@pytest.mark.parametrize('seed', range(8))
def test_picture_and_truth_stay_aligned_and_padding_is_void(seed):
    torch.manual_seed(seed)
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(0.4, 2.0), **{**STILL, 'flip_probability': 0.5})
    image, target = Augmentation(config, rare_classes=[])(*picture())
    assert image.shape == (3, 64, 96)
    assert target.shape == (64, 96)
    assert image.dtype == target.dtype == torch.uint8
    labelled = target != 255
    shown = image[0].float() / 255 > 0.5
    agreement = (shown == target.bool())[labelled].float().mean()
    assert labelled.any()
    # All but the blend along the edges.
    assert agreement > 0.98


def test_the_whole_picture_at_its_own_size_is_left_as_it_is():
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **STILL)
    image, target = picture(64, 96)
    got_image, got_target = Augmentation(config, rare_classes=[])(image, target)
    assert torch.equal(got_image, image)
    assert torch.equal(got_target, target)


def test_crops_are_centred_on_rare_classes():
    torch.manual_seed(0)
    image, target = picture(600, 800)
    target[:] = 0
    target[300, 400] = 7
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), rare_class_probability=1.0, **STILL)
    augment = Augmentation(config, rare_classes=[7])
    assert all((augment(image, target)[1] == 7).any() for _ in range(10))


def test_zoom_enlarges_the_crop_and_what_is_in_it():
    image, target = picture(64, 96)
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **STILL)
    zoomed = Augmentation(config, rare_classes=[], zoom=2.0)(image, target)[1]
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
    torch.manual_seed(0)
    image, target = torch.randint(0, 256, (3, 64, 96), dtype=torch.uint8), torch.zeros(64, 96, dtype=torch.uint8)
    config = AugmentConfig(crop_hw=(64, 96), scale_range=(1.0, 1.0), **{**STILL, **change})
    changed, same = Augmentation(config, rare_classes=[])(image, target)
    assert not torch.equal(changed, image)
    assert torch.equal(same, target)


def test_one_seed_gives_one_result():
    config = AugmentConfig(crop_hw=(64, 96), hue=0.1, hue_probability=0.5, blur_probability=0.5, gamma=0.5)
    augment = Augmentation(config, rare_classes=[1])
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(augment(*picture()))
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))
