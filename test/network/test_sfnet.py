from __future__ import annotations

import pytest
import torch

from sfnet_ros.network import SFNetConfig, create_model


def model_of(**settings):
    torch.manual_seed(0)
    return create_model(SFNetConfig(**{'backbone': 'df1', 'num_classes': 5, **settings})).eval()


@pytest.mark.parametrize('size', [(64, 96), (97, 61), (33, 32), (1, 1)])
def test_logits_have_the_size_of_the_input(size):
    with torch.inference_mode():
        assert model_of()(torch.zeros(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize(('backbone', 'stride'), [('df1', 16), ('df1', 8), ('df1', 4), ('df2', 16), ('resnet18', 8)])
def test_the_finest_stride_is_that_of_the_logits_grid(backbone, stride):
    with torch.inference_mode():
        grid = model_of(backbone=backbone, finest_stride=stride).grid_logits(torch.zeros(1, 3, 128, 64))
    assert grid.shape == (1, 5, 128 // stride, 64 // stride)


def test_details_agree_with_the_forward_pass_and_list_levels_finest_first():
    model = model_of(finest_stride=8, aux_heads=True)
    batch = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        details = model.forward_details(batch)
        assert torch.equal(details.logits, model(batch))
    sizes = [tuple(level.shape[-2:]) for level in details.pyramid]
    assert sizes == [(8, 12), (4, 6), (2, 3), (2, 3)]
    assert [tuple(flow.shape[-2:]) for flow in details.flows] == sizes[:-1]
    assert [tuple(logits.shape[-2:]) for logits in details.aux_logits] == sizes[:-1]


def test_auxiliary_heads_do_not_run_in_inference():
    model = model_of(aux_heads=True)
    ran = []
    for head in model.aux_heads:
        head.register_forward_hook(lambda *_: ran.append(1))
    with torch.inference_mode():
        model(torch.zeros(1, 3, 64, 64))
    assert not ran


def test_a_fresh_network_flows_nowhere_and_learns_to():
    model = model_of().train()
    details = model.forward_details(torch.randn(2, 3, 64, 64))
    assert all((flow == 0).all() for flow in details.flows)
    details.logits.square().mean().backward()
    assert all(module.flow.weight.grad.abs().max() > 0 for module in model.decoder.alignments)
