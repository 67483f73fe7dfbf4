"""Pictures that people look at: RGB arrays ``(H, W, 3)`` uint8 in and out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

Picture = NDArray[np.uint8]

_WHITE = (255, 255, 255)
_INK = (40, 40, 40)
# Light and saturated, so that they differ in grey too.
_RIGHT = (225, 225, 225)
_WRONG = (214, 39, 40)
_UNSCORED = (0, 0, 0)

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.45
_ROW_PX = 20
_SWATCH_PX = 14
_MARGIN_PX = 8
_GAP_PX = 4


def _make_flow_wheel() -> NDArray[np.float32]:
    """Go round the hues ``(55, 3)`` from 0 to 1, with more steps where the eye tells more of them apart."""
    corners = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], np.float32)
    steps = (15, 6, 4, 11, 13, 6)
    return np.concatenate([np.linspace(a, b, n, False) for a, b, n in zip(corners, corners[1:], steps, strict=False)])


_FLOW_WHEEL = _make_flow_wheel()


def colorize(label_map: NDArray[np.uint8], label_space: LabelSpace) -> Picture:
    """Paint a label map ``(H, W)`` in its classes' colours; what is no class is black."""
    return np.asarray(cv2.applyColorMap(label_map, label_space.palette[:, None]), np.uint8)


def resize_labels(label_map: NDArray[np.uint8], size_hw: tuple[int, ...]) -> NDArray[np.uint8]:
    """Bring a label map ``(H, W)``, or other values that cannot be mixed, to a size by taking the nearest pixels."""
    if label_map.shape == size_hw:
        return label_map
    return np.asarray(cv2.resize(label_map, size_hw[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def overlay(rgb: Picture, label_map: NDArray[np.uint8], label_space: LabelSpace, alpha: float = 0.5) -> Picture:
    """Lay the classes' colours over a frame.

    Args:
        rgb: The frame.
        label_map: ``(H, W)``; where it is no class, the frame stays as it is.
        label_space: Gives the colours.
        alpha: Weight of the colour, from 0 (frame only) to 1 (colour only).

    Raises:
        ValueError: The sizes differ, or alpha is out of range.
    """
    _check_same_size(rgb.shape[:2], label_map.shape, 'frame')
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f'alpha is {alpha}; 0 to 1 is accepted')
    picture = colorize(label_map, label_space)
    cv2.addWeighted(rgb, 1.0 - alpha, picture, alpha, 0.0, dst=picture)
    cv2.copyTo(rgb, (label_map >= label_space.num_classes).view(np.uint8), picture)
    return picture


def error_map(
    label_map: NDArray[np.uint8], target: NDArray[np.uint8], ignore_index: int = LabelSpace.ignore_index
) -> Picture:
    """Show where labels are wrong: red is wrong, light grey right, black not scored.

    Raises:
        ValueError: The sizes differ.
    """
    _check_same_size(target.shape, label_map.shape, 'target')
    verdict = np.where(target == ignore_index, 2, label_map != target)
    return np.array([_RIGHT, _WRONG, _UNSCORED], np.uint8).take(verdict, axis=0)


def flow_colors(flow: NDArray[np.float32]) -> Picture:
    """Colour a flow field: the direction is the hue, and the longer the flow the stronger the colour.

    Args:
        flow: ``(h, w, 2)``, x before y; what is not finite counts as no flow.

    Returns:
        ``(h, w, 3)``: white where nothing flows, to the right red, down yellow, to the left blue-green, up blue; the
        longest flow has the full colour, unless it is shorter than 1.

    Source: the paper's figure 5; the colour wheel of Baker et al., "A Database and Evaluation Methodology for Optical
    Flow", IJCV 2011.
    """
    x, y = np.moveaxis(np.nan_to_num(flow.astype(np.float32), posinf=0.0, neginf=0.0), 2, 0)
    length = np.hypot(x, y)
    strength = length / max(1.0, float(length.max()))
    position = np.arctan2(y, x) / (2 * np.pi) % 1.0 * (len(_FLOW_WHEEL) - 1)
    lower = position.astype(np.intp)
    part = (position - lower)[..., None]
    hue = (1 - part) * _FLOW_WHEEL.take(lower, axis=0, mode='wrap') + part * _FLOW_WHEEL.take(
        lower + 1, axis=0, mode='wrap'
    )
    return np.asarray(np.rint(255 * (1 - strength[..., None] * (1 - hue))), np.uint8)


def flow_arrows(rgb: Picture, flow: NDArray[np.float32], every_px: int = 16) -> Picture:
    """Draw a flow field over a frame, as arrows from where a sample was to where it is taken from.

    Args:
        rgb: The frame, ``(H, W, 3)``.
        flow: ``(h, w, 2)`` in px of the frame, x before y; what is not finite is left out.
        every_px: Distance between arrows.

    Source: the paper's figure 5, lower row.
    """
    height, width = rgb.shape[:2]
    picture = np.asarray(cv2.addWeighted(rgb, 0.5, np.full_like(rgb, 255), 0.5, 0.0), np.uint8)
    at_frame = cv2.resize(flow.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    for row in range(every_px // 2, height, every_px):
        for column in range(every_px // 2, width, every_px):
            x, y = at_frame[row, column]
            if np.isfinite(x) and np.isfinite(y):
                end = (round(column + float(x)), round(row + float(y)))
                cv2.arrowedLine(picture, (column, row), end, _WRONG, 1, cv2.LINE_AA, tipLength=0.3)
    return picture


def heat_map(values: NDArray[np.float32], low: float, high: float) -> Picture:
    """Paint values ``(h, w)`` from dark blue at ``low`` to yellow at ``high``."""
    share = np.clip((values - low) / max(high - low, 1e-12), 0.0, 1.0)
    bgr = cv2.applyColorMap(np.rint(255 * share).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def legend(label_space: LabelSpace, min_height: int = 0) -> Picture:
    """Draw a column with the colour and name of every class, at least ``min_height`` px high."""
    text_px = max(_text_width(name) for name in label_space.names)
    height = max(2 * _MARGIN_PX + _ROW_PX * label_space.num_classes, min_height)
    panel = _blank(height, 3 * _MARGIN_PX + _SWATCH_PX + text_px)
    for row, item in enumerate(label_space.classes):
        top, left = _MARGIN_PX + row * _ROW_PX + (_ROW_PX - _SWATCH_PX) // 2, _MARGIN_PX
        panel[top : top + _SWATCH_PX, left : left + _SWATCH_PX] = item.color
        _write(panel, item.name, left + _SWATCH_PX + _MARGIN_PX, top + _SWATCH_PX - 3)
    return panel


def beside(*pictures: Picture) -> Picture:
    """Put pictures side by side, the lower ones filled up with white."""
    height = max(picture.shape[0] for picture in pictures)
    return np.hstack([_fill_up(picture, height) for picture in pictures])


def contact_sheet(rows: Sequence[Sequence[Picture]], titles: Sequence[str]) -> Picture:
    """Arrange pictures of one size in rows, under a title for each column.

    Raises:
        ValueError: A row has another number of pictures than there are titles, or a picture is of another size.
    """
    if not rows or any(len(row) != len(titles) for row in rows):
        raise ValueError(f'a sheet of {len(titles)} titles has rows of {[len(row) for row in rows]} pictures')
    shapes = {picture.shape for row in rows for picture in row}
    if len(shapes) != 1:
        raise ValueError(f'the pictures of a sheet are of one size, not {sorted(shapes)}')
    height, width = rows[0][0].shape[:2]
    head_px = _ROW_PX + _GAP_PX
    sheet = _blank(head_px + len(rows) * (height + _GAP_PX) - _GAP_PX, len(titles) * (width + _GAP_PX) - _GAP_PX)
    for column, title in enumerate(titles):
        left = column * (width + _GAP_PX)
        # Over its own column alone: what is too long is cut, not written over its neighbour.
        _write(sheet[:, left : left + width], title, _GAP_PX, _ROW_PX - 5)
        for row, pictures in enumerate(rows):
            top = head_px + row * (height + _GAP_PX)
            sheet[top : top + height, left : left + width] = pictures[column]
    return sheet


def _check_same_size(size_hw: tuple[int, ...], label_hw: tuple[int, ...], what: str) -> None:
    if size_hw != label_hw:
        raise ValueError(f'the label map is {label_hw}, but the {what} is {size_hw}; they must be of one size')


def _blank(height: int, width: int) -> Picture:
    return np.full((height, width, 3), _WHITE, np.uint8)


def _fill_up(picture: Picture, height: int) -> Picture:
    return np.vstack([picture, _blank(height - picture.shape[0], picture.shape[1])])


def _text_width(text: str) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)
    return width


def _write(picture: Picture, text: str, left: int, baseline: int) -> None:
    # OpenCV writes into whole arrays only, and a column of a picture is none.
    patch = np.ascontiguousarray(picture)
    cv2.putText(patch, text, (left, baseline), _FONT, _FONT_SCALE, _INK, 1, cv2.LINE_AA)
    picture[...] = patch
