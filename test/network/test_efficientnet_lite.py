from __future__ import annotations

import pytest
import torch

from sfnet_ros.network.backbones.efficientnet_lite import EfficientNetLite

# Of TensorFlow's release, without the classifier: 4.65, 5.42 and 6.05 M with it, as its table says (4.7, 5.4, 6.1).
_CLASSIFIER = 320 * 1280 + 2 * 1280 + 1281 * 1000


@pytest.mark.parametrize(
    ('width', 'depth', 'channels', 'parameters'),
    [
        (1.0, 1.0, (24, 40, 112, 320), 4_652_008),
        (1.0, 1.1, (24, 40, 112, 320), 5_416_680),
        (1.1, 1.2, (24, 48, 120, 352), 6_092_072),
    ],
)
def test_channels_and_size_are_those_of_the_release(width, depth, channels, parameters):
    backbone = EfficientNetLite(width, depth)
    head = _CLASSIFIER + (channels[-1] - 320) * 1280
    assert backbone.channels == channels
    assert sum(parameter.numel() for parameter in backbone.parameters()) + head == parameters


def test_maps_are_a_fourth_to_a_thirtysecond_of_any_size_rounded_up():
    backbone = EfficientNetLite().eval()
    with torch.inference_mode():
        features = backbone(torch.zeros(1, 3, 97, 61))
    assert [tuple(feature.shape[1:]) for feature in features] == [(24, 25, 16), (40, 13, 8), (112, 7, 4), (320, 4, 2)]
