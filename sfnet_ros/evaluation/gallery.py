"""The paper's pictures of one frame, as parts of a web page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.evaluation.alignment import Alignment
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pages import Markup, join, png_figure, tag
from sfnet_ros.pictures import Picture, colorize, error_map, flow_arrows, flow_colors, heat_map

_WIDTH_PX = 480
# Of one that is much higher than wide.
_MOST_HEIGHT_PX = 4 * _WIDTH_PX


def labels_section(
    rgb: Picture,
    label_maps: Mapping[str, NDArray[np.uint8]],
    target: NDArray[np.uint8] | None,
    label_space: LabelSpace,
) -> Markup:
    """Show a frame beside its truth, then the labels of the models, then their errors, all side by side.

    Args:
        rgb: The frame, ``(H, W, 3)``.
        label_maps: Train ids ``(H, W)``, by the models' names.
        target: The truth, or None.
        label_space: Of all of them.

    Source: figure 6.
    """
    figures = [png_figure('frame', _shown(rgb))]
    if target is not None:
        figures.append(png_figure('truth', _shown(colorize(target, label_space), exact=True)))
    for name, label_map in label_maps.items():
        figures.append(png_figure(f'labels of {name}', _shown(colorize(label_map, label_space), exact=True)))
    if target is not None:
        figures += [_errors(name, label_map, target) for name, label_map in label_maps.items()]
    return join(tag('h3', 'Labels'), *figures)


def _errors(name: str, label_map: NDArray[np.uint8], target: NDArray[np.uint8]) -> Markup:
    scored = target != LabelSpace.ignore_index
    wrong = float(np.sum((label_map != target) & scored)) / max(1.0, float(np.sum(scored)))
    caption = f'errors of {name}: {100 * wrong:.1f} % of the pixels (red; black is not scored)'
    return png_figure(caption, _shown(error_map(label_map, target), exact=True))


def alignment_section(name: str, rgb: Picture, alignments: Sequence[Alignment]) -> Markup:
    """Show each flow, and what it does to the features.

    Args:
        name: Of the model.
        rgb: The frame, ``(H, W, 3)``.
        alignments: All of its network.

    Source: figures 2, 4, 5, 7 and 8.
    """
    if not alignments:
        return tag('p', f'{name} aligns nothing by flow.')
    return join(*(_flow(name, rgb, alignment) for alignment in alignments))


def _flow(name: str, rgb: Picture, alignment: Alignment) -> Markup:
    flow = alignment.flow_px
    height, width = flow.shape[:2]
    to_frame = np.array([rgb.shape[1] / width, rgb.shape[0] / height], np.float32)
    length = np.hypot(*np.moveaxis(flow, 2, 0))
    # One scale for both, so that they compare.
    low, high = (float(np.percentile([alignment.before, alignment.after], share)) for share in (1, 99))
    figures = [
        # Enlarged before it is coloured, as in the paper: between two hues lies a third.
        png_figure(f'flow, the longest {length.max():.1f} px of this level', _shown(flow_colors(_enlarged(flow, rgb)))),
        png_figure('the same as arrows, in px of the frame', _shown(flow_arrows(rgb, flow * to_frame))),
        png_figure('features before the flow', _shown(heat_map(_enlarged(alignment.before, rgb), low, high))),
        png_figure('the same, aligned by it', _shown(heat_map(_enlarged(alignment.after, rgb), low, high))),
    ]
    return join(tag('h3', f'Flow {alignment.title} ({height}x{width}), {name}'), *figures)


def _enlarged(values: NDArray[np.float32], rgb: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(values, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _shown(picture: Picture, exact: bool = False) -> Picture:
    """Bring a picture to the width of the page's columns; colours that stand for something are not mixed."""
    height, width = picture.shape[:2]
    factor = min(_WIDTH_PX / width, _MOST_HEIGHT_PX / height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    smooth = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST if exact else smooth), np.uint8)
