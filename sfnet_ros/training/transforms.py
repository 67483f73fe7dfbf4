"""Augmentation of training pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.sections import AugmentConfig
from sfnet_ros.training.torchvision_import import import_torchvision

import_torchvision('transforms.v2')

from torchvision.transforms import v2  # noqa: E402  # only now can it be imported
from torchvision.transforms.v2 import functional  # noqa: E402

# Outside of the picture: the mean colour, so that padding reads as nothing after normalisation.
_PAD_RGB = [124.0, 116.0, 104.0]


class RandomScaleCrop:
    """Cut a random window and resize it to the crop's size, which is scaling, padding and cropping in one step."""

    def __init__(self, config: AugmentConfig, rare_classes: Sequence[int], zoom: float) -> None:
        # Multiples of 32 keep all levels of the network whole.
        self.crop_hw = tuple(max(32, round(size * zoom / 32) * 32) for size in config.crop_hw)
        self._log_low, self._log_high = (math.log(scale * zoom) for scale in config.scale_range)
        self._rare_probability = config.rare_class_probability
        self._rare_classes = torch.tensor(list(rare_classes), dtype=torch.uint8)

    def __call__(self, image: Tensor, target: Tensor, center: tuple[int, int] | None = None) -> tuple[Tensor, Tensor]:
        scale = math.exp(_uniform(self._log_low, self._log_high))
        height, width = (max(1, round(size / scale)) for size in self.crop_hw)
        top, left = self._corner(target, height, width, center)
        window = [left, top, target.shape[-1] - left - width, target.shape[-2] - top - height]
        # Negative padding is a crop, so a window that hangs over the edge is cut and padded by one call each.
        inside, padding = [max(0, side) for side in window], [max(0, -side) for side in window]
        image, target = (_cut(picture, inside) for picture in (image, target))
        image = functional.pad(image, padding, fill=_PAD_RGB)
        target = functional.pad(target[None], padding, fill=float(LabelSpace.ignore_index))
        size = list(self.crop_hw)
        image = functional.resize(image, size, functional.InterpolationMode.BILINEAR, antialias=True)
        target = functional.resize(target, size, functional.InterpolationMode.NEAREST_EXACT)
        return image, target[0]

    def _corner(self, target: Tensor, height: int, width: int, center: tuple[int, int] | None) -> tuple[int, int]:
        if center is not None:
            return center[0] - height // 2, center[1] - width // 2
        if _uniform(0.0, 1.0) < self._rare_probability:
            pixels = torch.isin(target, self._rare_classes).nonzero()
            if len(pixels):
                row, column = pixels[int(torch.randint(len(pixels), ()))].tolist()
                # The rare pixel lies anywhere in the middle half of the window.
                return (
                    row - round(height * _uniform(0.25, 0.75)),
                    column - round(width * _uniform(0.25, 0.75)),
                )
        slack_h, slack_w = target.shape[-2] - height, target.shape[-1] - width
        return round(_uniform(0.0, 1.0) * slack_h), round(_uniform(0.0, 1.0) * slack_w)


class Augmentation:
    """Turn one picture and its truth into what the network trains on.

    Args:
        config: Kinds and strengths of the changes.
        rare_classes: Train ids that crops may be centred on.
        zoom: Everything is seen this much larger, the crop included.
    """

    def __init__(self, config: AugmentConfig, rare_classes: Sequence[int], zoom: float = 1.0) -> None:
        self._scale_crop = RandomScaleCrop(config, rare_classes, zoom)
        self._flip_probability = config.flip_probability
        self._gamma = math.log1p(config.gamma)
        self._color = v2.Compose(
            [
                v2.ColorJitter(config.brightness, config.contrast, config.saturation),
                v2.RandomApply([v2.ColorJitter(hue=config.hue)], p=config.hue_probability),
                v2.RandomGrayscale(p=config.grayscale_probability),
                v2.RandomApply([v2.GaussianBlur(5, sigma=(0.3, 1.5))], p=config.blur_probability),
            ]
        )

    def __call__(self, image: Tensor, target: Tensor, center: tuple[int, int] | None = None) -> tuple[Tensor, Tensor]:
        """Augment.

        Args:
            image: RGB, ``(3, H, W)`` uint8.
            target: Train ids, ``(H, W)`` uint8, 255 where unlabelled.
            center: Row and column of the picture that the crop is taken around; None: drawn.

        Returns:
            Both at the crop's size.
        """
        image, target = self._scale_crop(image, target, center)
        if _uniform(0.0, 1.0) < self._flip_probability:
            image, target = image.flip(-1), target.flip(-1)
        if self._gamma:
            image = functional.adjust_gamma(image, math.exp(_uniform(-self._gamma, self._gamma)))
        return self._color(image), target


def _uniform(low: float, high: float) -> float:
    # torch's generator, as it is the one that is seeded in every worker and every epoch.
    return low + (high - low) * float(torch.rand(()))


def _cut(picture: Tensor, inside: Sequence[int]) -> Tensor:
    left, top, right, bottom = inside
    return picture[..., top : picture.shape[-2] - bottom, left : picture.shape[-1] - right]
