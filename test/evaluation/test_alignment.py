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
    for module in network.decoder.alignments:
        module.register_forward_hook(lambda module, args, output: (output[0], torch.full_like(output[1], 24 / 11 * 2)))
    finest, coarser, _ = alignments_of(network, torch.rand(1, 3, 64, 96))
    assert finest.flow_px[..., 0] == pytest.approx(2.0, abs=1e-5)
    assert coarser.flow_px[..., 0] == pytest.approx(24 / 11 * 2 * 5 / 12, abs=1e-5)


def test_listening_leaves_the_network_as_it_was(network):
    batch = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = network(batch)
        alignments_of(network, batch)
        assert torch.equal(network(batch), before)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_network_without_alignment_has_none_to_show():
    assert alignments_of(torch.nn.Conv2d(3, 1, 1), torch.rand(1, 3, 8, 8)) == []
