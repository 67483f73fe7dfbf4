"""Pictures pixel by pixel, on arrays made by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sfnet_ros.labels import LabelClass, LabelSpace
from sfnet_ros.pictures import (
    beside,
    colorize,
    contact_sheet,
    error_map,
    flow_arrows,
    flow_colors,
    heat_map,
    legend,
    overlay,
)
from sfnet_ros.training.torchvision_import import import_torchvision

_SPACE = LabelSpace('x', (LabelClass('road', (128, 64, 0), (0,)), LabelClass('car', (0, 0, 200), (1,))))
_LABELS = np.array([[0, 1], [255, 2]], np.uint8)


def test_labels_take_their_colour_and_all_else_is_black() -> None:
    picture = colorize(_LABELS, _SPACE)
    assert picture.dtype == np.uint8
    assert picture.tolist() == [[[128, 64, 0], [0, 0, 200]], [[0, 0, 0], [0, 0, 0]]]


def test_overlay_mixes_colours_and_keeps_the_frame_where_there_is_no_class() -> None:
    frame = np.full((2, 2, 3), 100, np.uint8)
    assert overlay(frame, _LABELS, _SPACE, alpha=0.25).tolist() == [
        [[107, 91, 75], [75, 75, 125]],
        [[100, 100, 100], [100, 100, 100]],
    ]
    assert np.all(frame == 100)


def test_overlay_goes_from_frame_to_colour() -> None:
    frame = np.full((2, 2, 3), 100, np.uint8)
    assert np.array_equal(overlay(frame, _LABELS, _SPACE, 0.0), frame)
    assert np.array_equal(overlay(frame, _LABELS, _SPACE, 1.0)[0], colorize(_LABELS, _SPACE)[0])


def test_parts_of_larger_arrays_are_painted_too() -> None:
    frame = np.frombuffer(bytes(range(72)), np.uint8).reshape(4, 6, 3)
    labels = np.tile(_LABELS, (2, 3))
    whole = overlay(frame, labels, _SPACE)
    assert np.array_equal(overlay(frame[1:, ::2], labels[1:, ::2], _SPACE), whole[1:, ::2])
    assert np.array_equal(overlay(frame[:, ::-1], labels[:, ::-1], _SPACE), whole[:, ::-1])
    assert np.array_equal(colorize(labels[::2, 1:], _SPACE), colorize(labels, _SPACE)[::2, 1:])


def test_errors_are_red_right_is_grey_and_unscored_black() -> None:
    label_map = np.array([[0, 1, 255, 1]], np.uint8)
    target = np.array([[0, 0, 1, 255]], np.uint8)
    assert error_map(label_map, target).tolist() == [[[225, 225, 225], [214, 39, 40], [214, 39, 40], [0, 0, 0]]]


def _flow(*vectors: tuple[float, float]) -> np.ndarray:
    return np.array([vectors], np.float32)


def test_the_direction_of_a_flow_is_its_hue_and_its_length_the_strength() -> None:
    right, down, left, up, half, none = flow_colors(_flow((4, 0), (0, 4), (-4, 0), (0, -4), (2, 0), (0, 0)))[0].tolist()
    assert right == [255, 0, 0]
    assert half == [255, 128, 128]
    assert none == [255, 255, 255]
    strong = [[channel > 128 for channel in color] for color in (down, left, up)]
    assert strong == [[True, True, False], [False, True, True], [False, False, True]]


def test_neighbouring_directions_of_a_flow_have_neighbouring_colours() -> None:
    # Short of the whole circle: the wheel of Middlebury closes with a step.
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    colors = flow_colors(np.dstack([np.cos(angles), np.sin(angles)]).astype(np.float32))[0].astype(int)
    assert np.abs(np.diff(colors, axis=0)).max() < 20
    assert len(np.unique(colors, axis=0)) > 250


def test_a_flow_that_hardly_flows_stays_pale_and_one_that_is_no_number_is_none() -> None:
    faint, nothing, endless = flow_colors(_flow((0.2, 0), (np.nan, 0), (0, np.inf)))[0].tolist()
    assert faint == [255, 204, 204]
    assert nothing == endless == [255, 255, 255]


def test_a_legend_shows_the_colour_and_writes_beside_it() -> None:
    panel = legend(_SPACE)
    assert panel.shape[0] == 2 * 8 + 2 * 20
    for row, item in enumerate(_SPACE.classes):
        assert panel[8 + 20 * row + 10, 15].tolist() == list(item.color)
        text = panel[8 + 20 * row : 28 + 20 * row, 8 + 14 + 8 :]
        assert text.min() < 100
    assert legend(_SPACE, min_height=100).shape == (100, panel.shape[1], 3)


def test_pictures_beside_each_other_are_filled_up_with_white() -> None:
    row = beside(np.zeros((1, 2, 3), np.uint8), np.full((3, 1, 3), 9, np.uint8))
    assert row[:, :, 0].tolist() == [[0, 0, 9], [255, 255, 9], [255, 255, 9]]


def test_a_sheet_holds_every_picture_under_its_title() -> None:
    pictures = [[np.full((5, 60, 3), 10 * row + column, np.uint8) for column in (1, 2)] for row in (1, 2, 3)]
    sheet = contact_sheet(pictures, ['one', 'two'])
    assert sheet.shape == (24 + 3 * 5 + 2 * 4, 2 * 60 + 4, 3)
    for row in range(3):
        for column in range(2):
            top, left = 24 + row * 9, column * 64
            assert np.array_equal(sheet[top : top + 5, left : left + 60], pictures[row][column])
    assert np.all(sheet[:, 60:64] == 255)
    assert np.all(sheet[29:33] == 255)
    for left in (0, 64):
        assert sheet[:24, left : left + 60].min() < 120


def test_a_long_title_does_not_run_into_the_next_column() -> None:
    picture = np.zeros((5, 30, 3), np.uint8)
    sheet = contact_sheet([[picture, picture]], ['a very long title', ''])
    assert np.all(sheet[:24, 30:] == 255)


@pytest.mark.parametrize(
    ('rows', 'sentence'),
    [
        ([], r'a sheet of 1 titles has rows of \[\] pictures'),
        ([[np.zeros((2, 2, 3), np.uint8)] * 2], r'a sheet of 1 titles has rows of \[2\] pictures'),
        ([[np.zeros((2, 2, 3), np.uint8)], [np.zeros((2, 3, 3), np.uint8)]], 'the pictures of a sheet are of one size'),
    ],
)
def test_a_sheet_that_does_not_fit_together_is_refused(rows: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        contact_sheet(rows, ['title'])


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match=r'the label map is \(2, 2\), but the frame is \(2, 3\)'):
        overlay(np.zeros((2, 3, 3), np.uint8), _LABELS, _SPACE)
    with pytest.raises(ValueError, match=r'the label map is \(2, 2\), but the target is \(3, 2\)'):
        error_map(_LABELS, np.zeros((3, 2), np.uint8))
    with pytest.raises(ValueError, match=r'alpha is 1.5; 0 to 1 is accepted'):
        overlay(np.zeros((2, 2, 3), np.uint8), _LABELS, _SPACE, alpha=1.5)


def test_flow_has_the_colours_of_the_middlebury_wheel() -> None:
    import_torchvision('utils')
    from torchvision.utils import flow_to_image

    flow = np.random.default_rng(0).normal(scale=5, size=(40, 50, 2)).astype(np.float32)
    expected = flow_to_image(torch.from_numpy(flow).permute(2, 0, 1)).permute(1, 2, 0).numpy()
    # They cut where we round.
    assert np.abs(flow_colors(flow).astype(int) - expected).max() <= 1


def test_arrows_point_where_a_sample_is_taken_from() -> None:
    arrows = flow_arrows(np.full((32, 32, 3), 255, np.uint8), np.full((4, 4, 2), (6.0, 0.0), np.float32))
    rows, columns = np.nonzero(arrows[..., 1] < 100)
    assert set(rows) <= {*range(5, 12), *range(21, 28)}
    assert columns.min() >= 7
    # The tips, 6 px to the right of 8 and 24.
    assert {14, 30} <= set(columns)


def test_heat_goes_from_low_to_high() -> None:
    low, middle, high, over = heat_map(np.array([[0, 1, 2, 9]], np.float32), 0.0, 2.0)[0].astype(int)
    assert low.sum() < middle.sum() < high.sum()
    assert high.tolist() == over.tolist()
    assert low[2] > low[1]
    assert high[0] > high[2]
