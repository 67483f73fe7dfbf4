from __future__ import annotations

import numpy as np
import pytest
import torch

from sfnet_ros.evaluation.alignment import alignments_of
from sfnet_ros.network import SFNetConfig, create_model


@pytest.fixture
def network():
    torch.manual_seed(0)
    return create_model(SFNetConfig('df1', num_classes=5, width=16, finest_stride=8)).eval()


def test_a_fresh_network_flows_nowhere_and_so_only_enlarges(network):
    alignments = alignments_of(network, torch.rand(1, 3, 64, 96))
    assert [alignment.flow_px.shape for alignment in alignments] == [(8, 12, 2), (4, 6, 2), (2, 3, 2)]
    for alignment in alignments:
        assert np.all(alignment.flow_px == 0)
        assert alignment.before == pytest.approx(alignment.after, abs=1e-5)


def test_a_flow_is_told_in_pixels_of_its_level_as_the_features_move(network):
    # Every sample is taken from two columns further right: the finest level has 12, and a flow of 12 is half of 11.
    _set_flows(network, 24 / 11 * 2)
    finest, coarser, _ = alignments_of(network, torch.rand(1, 3, 64, 96))
    assert finest.flow_px[..., 0] == pytest.approx(2.0, abs=1e-5)
    assert coarser.flow_px[..., 0] == pytest.approx(24 / 11 * 2 * 5 / 12, abs=1e-5)
    assert finest.after[:, :10] == pytest.approx(finest.before[:, 2:], abs=1e-5)


@pytest.mark.parametrize(
    ('variant', 'titles'),
    [
        ('sfnet', ['from 1/8 to 1/4', 'from 1/16 to 1/8', 'from 1/32 to 1/16']),
        ('deformable+at_8', ['from 1/16 to 1/8']),
        ('fpn', []),
        ('lite', ['from 1/32 to 1/4', 'from 1/4 to 1/4']),
        ('fpn+fam_fusion', [f'from 1/{stride} to 1/4, final fusion' for stride in (8, 16, 32)]),
    ],
)
def test_every_flow_of_a_network_is_told_with_what_it_moves(variant, titles):
    network = create_model(SFNetConfig('stdc1', num_classes=5, width=16, variant=variant)).eval()
    # The sides divide by no stride, as those of many a frame.
    still = alignments_of(network, torch.ones(1, 3, 90, 121))
    assert [alignment.title for alignment in still] == titles
    assert all(alignment.before.shape == alignment.flow_px.shape[:2] for alignment in still)
    _set_flows(network, 1e6)
    # What is taken from far outside of the picture is nothing.
    for alignment in alignments_of(network, torch.ones(1, 3, 90, 121)):
        assert np.any(alignment.before)
        assert not np.any(alignment.after)
        assert np.all(np.abs(alignment.flow_px).max(axis=2) > 1e5)


def test_listening_leaves_the_network_as_it_was(network):
    batch = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = network(batch)
        alignments_of(network, batch)
        assert torch.equal(network(batch), before)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_network_without_alignment_has_none_to_show():
    assert alignments_of(torch.nn.Conv2d(3, 1, 1), torch.rand(1, 3, 8, 8)) == []


def _set_flows(network, flow):
    """Let all that is moved be moved along one axis alone, which is x but of deformable convolutions."""

    def move(_module, _args, output):
        moved = torch.zeros_like(output)
        moved[:, ::2] = flow
        return moved

    for name, module in network.named_modules():
        if name.rpartition('.')[2] in ('flow', 'offsets'):
            module.register_forward_hook(move)
