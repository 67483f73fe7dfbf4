"""Folding batch norm leaves a network what it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.runtime.fold import fold_batch_norm


@pytest.mark.parametrize('backbone', ['df1', 'df2', 'resnet18', 'resnet50'])
def test_a_folded_network_gives_the_same_logits_without_batch_norm(backbone: str) -> None:
    torch.manual_seed(0)
    model = create_model(SFNetConfig(backbone, num_classes=5)).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.0)
            for tensor in (module.bias.data, module.running_mean):
                tensor.normal_(0.0, 0.1)
        elif isinstance(module, nn.Conv2d) and module.out_channels == 2:
            module.weight.data.normal_(0.0, 0.1)
    batch = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        expected = model(batch)
        fold_batch_norm(model)
        logits = model(batch)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    assert (logits - expected).abs().max() <= 1e-4 * expected.abs().max()
