"""Every variant is a whole network: any size, gradients, flows; and each idea by hand-made numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.network.backbones import BUILDERS
from sfnet_ros.network.catalogue import BACKBONES, VARIANTS
from sfnet_ros.network.cost import multiply_accumulates
from sfnet_ros.network.flow_alignment import FlowAlignmentModule
from sfnet_ros.network.layers import resize_bilinear
from sfnet_ros.network.variants import CHANGES
from sfnet_ros.network.variants.correlation import Correlation
from sfnet_ros.network.variants.deformable import DeformableConv2d
from sfnet_ros.network.variants.fam_upsampling import Deconvolution
from sfnet_ros.network.variants.levels import BilinearAlignment
from sfnet_ros.network.variants.lite import GatedDualFlowAlignment, PooledGate

NAMES = [name for name in VARIANTS if not name.startswith('at_')]


def network(backbone, variant, **options):
    torch.manual_seed(0)
    return create_model(SFNetConfig(backbone, num_classes=3, width=8, variant=variant, **options))


@pytest.mark.parametrize('variant', [*NAMES, 'at_32', 'deformable+at_16', 'lite+aspp', 'fpn+no_context+fam_fusion'])
def test_a_variant_learns_at_any_size_and_tells_its_flows(variant):
    model = network('resnet18' if variant == 'dilated_fcn' else 'df1', variant, aux_heads=True)
    details = model.forward_details(torch.randn(2, 3, 49, 67))
    assert details.logits.shape == (2, 3, 49, 67)
    assert len(details.flows) >= 1
    for flow, level in zip(details.flows, details.pyramid, strict=False):
        assert flow.shape == (2, 2, *level.shape[2:])
    loss = sum(logits.square().mean() for logits in (details.logits, *details.aux_logits))
    loss.backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize('backbone', ['stdc1', 'stdc2', 'shufflenetv2'])
def test_strides_and_channels_of_a_backbone_are_those_of_its_maps(backbone):
    model = network(backbone, 'sfnet')
    features = model.backbone(torch.zeros(2, 3, 97, 131))
    assert model.backbone.strides == BACKBONES[backbone].strides
    assert tuple(feature.shape[1] for feature in features) == model.backbone.channels
    assert [feature.shape[2:] for feature in features] == [(25, 33), (13, 17), (7, 9), (4, 5)]


def test_all_that_the_catalogue_names_can_be_built_and_nothing_else():
    assert CHANGES.keys() == VARIANTS.keys()
    with torch.device('meta'):
        strides = {name: build(False).strides for name, build in BUILDERS.items()}
    assert strides == {name: backbone.strides for name, backbone in BACKBONES.items()}


def test_only_the_levels_that_are_named_are_aligned():
    alignments = network('stdc1', 'at_4_16').decoder.alignments
    assert [isinstance(align, BilinearAlignment) for align in alignments] == [False, True, False]
    assert not any(isinstance(module, FlowAlignmentModule) for module in network('stdc1', 'fpn').modules())


@pytest.mark.parametrize(('variant', 'size'), [('flow_kernel_1', 1), ('flow_kernel_5', 5), ('flow_kernel_7+at_16', 7)])
def test_the_flow_has_the_kernel_that_is_named(variant, size):
    found = [m.flow.kernel_size for m in network('df1', variant).modules() if isinstance(m, FlowAlignmentModule)]
    assert found
    assert set(found) == {(size, size)}


def test_a_dilated_fcn_keeps_stride_8_and_the_plain_one_32():
    batch = torch.zeros(2, 3, 64, 96)
    assert network('resnet18', 'fcn').grid_logits(batch).shape[2:] == (2, 3)
    assert network('resnet18', 'dilated_fcn').grid_logits(batch).shape[2:] == (8, 12)


def test_joined_variants_do_not_depend_on_the_order_of_their_names():
    batch = torch.randn(2, 3, 64, 64)
    one, other = (
        network('df1', variant)(batch) for variant in ('at_16+flow_kernel_5+aspp', 'aspp+flow_kernel_5+at_16')
    )
    assert torch.equal(one, other)


def test_a_deconvolution_starts_as_an_interpolation_and_reaches_odd_sizes():
    ramp = torch.arange(5.0).repeat(1, 2, 4, 1)
    up = Deconvolution(2, scale=2)(ramp, (7, 9))
    assert up.shape == (1, 2, 7, 9)
    # Half-pixel positions -0.25, 0.25, ... of the ramp, away from the border.
    torch.testing.assert_close(up[0, 1, 3, 1:8], 0.25 + 0.5 * torch.arange(7.0))
    assert torch.equal(Deconvolution(2, scale=1)(ramp, (4, 5)), ramp)


def test_a_correlation_peaks_at_the_displacement():
    fine = torch.randn(1, 64, 12, 12)
    coarse = torch.roll(fine, shifts=(1, -2), dims=(2, 3))  # what was at (y, x) is at (y + 1, x - 2)
    volume = Correlation(3)(fine, coarse)
    assert volume.shape == (1, 49, 12, 12)
    assert (volume[0, :, 4:8, 4:8].argmax(dim=0) == (1 + 3) * 7 + (-2 + 3)).all()
    assert Correlation(3)(torch.ones(1, 2, 5, 5), torch.ones(1, 2, 5, 5))[0, 0, 0, 0] == 0


def test_the_products_of_a_correlation_are_counted():
    class Alone(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.correlation = Correlation(1)

        def forward(self, batch):
            return self.correlation(batch, batch)

    assert multiply_accumulates(Alone(), (4, 5)) == 9 * 4 * 5 * 3


def _kernel_of(conv: DeformableConv2d, in_channels: int) -> torch.Tensor:
    """Bring the weights of the nine taps into a 3x3 kernel."""
    return conv.conv.weight.unflatten(1, (9, in_channels)).squeeze(-1).squeeze(-1).transpose(1, 2).unflatten(2, (3, 3))


@pytest.mark.parametrize('size', [(6, 9), (1, 5), (4, 1)])
def test_a_deformable_convolution_without_offsets_is_a_convolution(size):
    conv = DeformableConv2d(4, 5)
    feature = torch.randn(2, 4, *size)
    with torch.no_grad():
        expected = functional.conv2d(feature, _kernel_of(conv, 4), padding=1)
        torch.testing.assert_close(conv(feature, torch.zeros(2, 18, *size)), expected, rtol=1e-4, atol=1e-4)


def test_whole_offsets_of_a_deformable_convolution_move_each_tap_on_its_own():
    conv = DeformableConv2d(2, 3)
    feature = torch.randn(1, 2, 7, 8)
    offsets = torch.zeros(1, 18, 7, 8)
    offsets[:, 2 * 5] = 2.0  # tap (0, 1): two down
    offsets[:, 2 * 5 + 1] = -1.0  # and one to the left
    kernel = _kernel_of(conv, 2).detach()
    wide = functional.pad(kernel, (1, 1, 1, 1))
    wide[:, :, 4, 2] += kernel[:, :, 1, 2]
    wide[:, :, 2, 3] -= kernel[:, :, 1, 2]
    with torch.no_grad():
        torch.testing.assert_close(
            conv(feature, offsets), functional.conv2d(feature, wide, padding=2), rtol=1e-4, atol=1e-4
        )


def test_a_deformable_convolution_is_torchvision_s_where_its_operators_load():
    try:
        from torchvision.ops import deform_conv2d

        _ = torch.ops.torchvision.deform_conv2d.default
    except (ImportError, RuntimeError, AttributeError) as error:
        for name in [name for name in sys.modules if name.split('.')[0] == 'torchvision']:
            del sys.modules[name]
        pytest.skip(f"torchvision's operators do not load beside this torch: {error}")
    conv = DeformableConv2d(4, 5)
    feature, offsets = torch.randn(2, 4, 6, 9), 3 * torch.randn(2, 18, 6, 9)
    with torch.no_grad():
        expected = deform_conv2d(feature, offsets, _kernel_of(conv, 4).contiguous(), padding=1)
        torch.testing.assert_close(conv(feature, offsets), expected, rtol=1e-4, atol=1e-4)


def test_gated_alignment_without_flow_blends_the_resized_levels_by_half():
    align = GatedDualFlowAlignment(4, PooledGate(4))
    torch.nn.init.zeros_(align.gate.conv.weight)
    fine, coarse = torch.randn(1, 4, 6, 8), torch.randn(1, 4, 3, 4)
    blend, flow = align(fine=fine, coarse=coarse)
    assert not flow.any()
    torch.testing.assert_close(blend, (fine + resize_bilinear(coarse, (6, 8))) / 2, rtol=1e-4, atol=1e-4)


def test_every_name_is_explained():
    page = (Path(__file__).parents[2] / 'docs' / 'networks.md').read_text()
    assert [name for name in [*NAMES, *BACKBONES] if f'`{name}`' not in page] == []
