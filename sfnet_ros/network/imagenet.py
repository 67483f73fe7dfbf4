"""What pictures are normalised by where nothing else is said: statistics of ImageNet, per channel, of pixels 0 to 1."""

from __future__ import annotations

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
