from __future__ import annotations

import pytest
import torch

from sfnet_ros.evaluation.protocol import Protocol, averaged_logits, window_starts


def red_and_position(batch):
    """Stand for a network on a grid of half the size: the red channel, and the column in its input."""
    columns = torch.arange(batch.shape[-1], dtype=torch.float32).expand(batch.shape[0], 1, *batch.shape[-2:])
    return torch.nn.functional.avg_pool2d(torch.cat([batch[:, :1], columns], 1), 2)


def look(batch, protocol, output_hw=(64, 96), network=red_and_position):
    def picture(size_hw):
        return torch.nn.functional.interpolate(batch, size=size_hw, mode='bilinear')

    return averaged_logits(network, picture, protocol, (64, 96), output_hw)


@pytest.fixture
def picture():
    torch.manual_seed(0)
    return torch.nn.functional.interpolate(torch.rand(1, 3, 4, 6), size=(64, 96), mode='bilinear')


def test_one_look_at_the_whole_is_the_network_at_its_size(picture):
    expected = torch.nn.functional.interpolate(
        red_and_position(picture), size=(64, 96), mode='bilinear', align_corners=True
    )
    assert torch.equal(look(picture, Protocol()), expected)
    assert look(picture, Protocol(), (20, 30)).shape == (1, 2, 20, 30)


def test_a_mirrored_look_is_mirrored_back(picture):
    logits = look(picture, Protocol(flip=True))
    # What the network says of content stays in place, what it says of position is the same from both sides.
    assert torch.allclose(logits[:, 0], look(picture, Protocol())[:, 0], atol=1e-6)
    assert torch.allclose(logits[:, 1], torch.full((1, 64, 96), 47.5), atol=1e-3)


def test_raw_logits_of_all_scales_count_alike(picture):
    sizes = []

    def network(batch):
        sizes.append(tuple(batch.shape[-2:]))
        return torch.full((1, 1, 4, 4), float(batch.shape[-1]))

    logits = look(picture, Protocol(scales=(0.5, 1.0, 2.0), flip=True), network=network)
    assert sizes == [(32, 48)] * 2 + [(64, 96)] * 2 + [(128, 192)] * 2
    assert torch.allclose(logits, torch.tensor((48 + 96 + 192) / 3.0))


def test_windows_cover_the_picture_and_their_overlaps_are_averaged():
    def network(batch):
        return batch[:, :1, ::2, ::2] * 0 + batch[..., 0].amin()

    # Each window says its left edge's value; rows are alike.
    picture = torch.arange(96.0).expand(1, 3, 64, 96)
    protocol = Protocol(crop_hw=(64, 64), overlap=0.5)
    logits = look(picture, protocol, network=network)[0, 0, 0]
    assert window_starts(96, 64, 0.5) == [0, 32]
    assert logits[:32].unique().tolist() == [0.0]
    assert logits[32:64].unique().tolist() == [16.0]
    assert logits[64:].unique().tolist() == [32.0]


def test_a_picture_within_a_window_is_seen_whole(picture):
    whole, windowed = look(picture, Protocol()), look(picture, Protocol(crop_hw=(832, 832)))
    assert torch.allclose(whole, windowed, atol=1e-6)


@pytest.mark.parametrize(
    ('length', 'window', 'overlap', 'starts'),
    [
        (100, 100, 0.5, [0]),
        (101, 100, 0.0, [0, 1]),
        (2048, 832, 1 / 3, [0, 555, 1110, 1216]),
        (1000, 480, 1 / 3, [0, 320, 520]),
        (1024, 832, 1 / 3, [0, 192]),
        (200, 100, 0.0, [0, 100]),
    ],
)
def test_windows_overlap_as_asked_and_the_last_one_ends_at_the_edge(length, window, overlap, starts):
    assert window_starts(length, window, overlap) == starts


@pytest.mark.parametrize(
    ('wrong', 'sentence'),
    [
        ({'scales': ()}, 'one or more from 0.1 to 8'),
        ({'scales': (0.0,)}, 'one or more from 0.1 to 8'),
        ({'crop_hw': (832, 8)}, 'windows are 832x8; accepted are sizes from 32x32 on'),
        ({'overlap': 1.0}, 'accepted are shares from 0 to below 1'),
    ],
)
def test_what_no_protocol_can_be_is_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        Protocol(**wrong)
