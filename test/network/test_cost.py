from __future__ import annotations

import pytest
import torch
from torch import nn

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.network.cost import multiply_accumulates


class Counted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(4, 4, 1, groups=2, bias=False)
        self.linear = nn.Linear(4, 5)

    def forward(self, batch):
        return self.linear(self.grouped(self.conv(batch)).mean(dim=(2, 3)))


def test_convolutions_and_linear_layers_are_counted_by_hand():
    convolution, grouped, linear = (2 * 3) * 4 * (3 * 3 * 3), (2 * 3) * 4 * 2, 5 * 4
    assert multiply_accumulates(Counted(), (4, 6)) == convolution + grouped + linear


@pytest.mark.parametrize(
    ('backbone', 'gmacs'), [('df1', 32.73), ('df2', 79.97), ('resnet18', 242.96), ('resnet50', 663.3)]
)
def test_a_network_costs_what_the_authors_own_does(backbone, gmacs):
    # Measured on their code; the paper counts in the same way (123.5 for ResNet-18 at half this size).
    model = create_model(SFNetConfig(backbone, aux_heads=True))
    assert multiply_accumulates(model, (1024, 2048)) / 1e9 == pytest.approx(gmacs, abs=0.05)


def test_the_network_is_left_as_it_was():
    model = create_model(SFNetConfig('df1', num_classes=2))
    multiply_accumulates(model, (64, 64))
    assert model.training
    assert {parameter.device for parameter in model.parameters()} == {torch.device('cpu')}
    assert not any(module._forward_hooks for module in model.modules())
