from __future__ import annotations

import pytest
import torch

from sfnet_ros.network.flow_alignment import FlowAlignmentModule, flow_warp
from sfnet_ros.network.layers import resize_bilinear


@pytest.mark.parametrize('size', [(6, 10), (7, 5), (1, 9)])
def test_zero_flow_is_a_bilinear_resize(size):
    coarse = torch.randn(2, 3, 4, 5)
    # With one row the grid begins and ends at -1, the first row, where a resize takes it from too.
    warped = flow_warp(coarse, torch.zeros(2, 2, *size))
    torch.testing.assert_close(warped, resize_bilinear(coarse, size), rtol=1e-5, atol=1e-5)


def test_the_first_channel_of_a_flow_moves_along_x_and_its_unit_is_half_a_pixel():
    ramp = torch.arange(8.0).repeat(1, 1, 4, 1)
    flow = torch.zeros(1, 2, 4, 8)
    flow[:, 0] = 1.0
    moved = flow_warp(ramp, flow)[0, 0, :, :6] - ramp[0, 0, :, :6]
    # 1 / 8 of the grid's range of 2 over 7 intervals.
    torch.testing.assert_close(moved, torch.full((4, 6), 7 / 16))
    flow = flow.flip(1)
    torch.testing.assert_close(flow_warp(ramp, flow)[0, 0, :3], ramp[0, 0, :3])


def test_samples_from_outside_are_zero():
    flow = torch.full((1, 2, 4, 4), 100.0)
    assert (flow_warp(torch.ones(1, 1, 4, 4), flow) == 0).all()


def test_positions_stay_exact_in_half_precision():
    ramp = torch.linspace(-1, 1, 512).repeat(1, 1, 1, 1)
    warped = flow_warp(ramp.bfloat16(), torch.zeros(1, 2, 1, 512, dtype=torch.bfloat16))
    assert warped.dtype == torch.bfloat16
    assert (warped.float() - ramp).abs().max() < 2**-8


def test_the_module_returns_the_coarse_map_on_the_fine_grid():
    module = FlowAlignmentModule(8)
    coarse, fine = torch.randn(1, 8, 3, 4), torch.randn(1, 8, 6, 8)
    aligned, flow = module(fine=fine, coarse=coarse)
    assert aligned.shape == fine.shape
    assert flow.shape == (1, 2, 6, 8)
    torch.testing.assert_close(aligned, resize_bilinear(coarse, (6, 8)), rtol=1e-5, atol=1e-5)
