from __future__ import annotations

import pytest

from sfnet_ros.network import SFNetConfig
from sfnet_ros.runtime import ModelManifest
from sfnet_ros.runtime.faithful import with_agreement


@pytest.mark.parametrize(
    ('shares', 'faithful'),
    [
        ({}, ('openvino/int8', 'torch/bfloat16')),
        ({'onnxruntime/float32': 1.0}, ('onnxruntime/float32', 'openvino/int8', 'torch/bfloat16')),
        ({'torch/bfloat16': 0.995}, ('openvino/int8', 'torch/bfloat16')),
        ({'torch/bfloat16': 0.99499, 'openvino/int8': float('nan')}, ()),
    ],
)
def test_pairs_are_noted_by_what_was_measured_and_others_stay(shares, faithful):
    config = SFNetConfig('df1', num_classes=11)
    manifest = ModelManifest('x', 'camvid', config, 360, faithful=('openvino/int8', 'torch/bfloat16'))
    assert with_agreement(manifest, shares).faithful == faithful
