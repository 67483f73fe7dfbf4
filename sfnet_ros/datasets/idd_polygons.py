"""The India Driving Dataset's labels as they are published: polygons, which are drawn one over the other.

Source: Varma et al., WACV 2019; names and the classes that they belong to as in its public code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sfnet_ros.datasets.cityscapes_ids import UNLABELED
from sfnet_ros.labels import LabelSpace

# Names that are no class of level 3, and the class that they belong to.
_LEVEL_3 = {
    'parking': 'drivable fallback',
    'rail track': 'non-drivable fallback',
    'animal': 'person',
    'caravan': 'vehicle fallback',
    'trailer': 'vehicle fallback',
    'train': 'vehicle fallback',
    'polegroup': 'pole',
    'obs-str-bar-fallback': 'obstacle fallback',
    'tunnel': 'bridge',
    'fallback background': 'sky',
}
# Of Cityscapes' classes, those that have another name in India.
_CITYSCAPES = {'non-drivable fallback': 'terrain'}
_VOID = ('unlabeled', 'ego vehicle', 'rectification border', 'out of roi', 'license plate')
_GROUP = 'group'
_UNLABELLED = 255
# Of a picture, as Pillow bounds it in others.
_MAX_PIXELS = 1 << 27


def level_3_ids() -> dict[str, int]:
    """Give the id of level 3 of every name that a polygon may have; 255 is no class."""
    own = {item.name: item.label_ids[0] for item in LabelSpace.load('idd').classes}
    return {**dict.fromkeys(_VOID, _UNLABELLED), **own, **{name: own[of] for name, of in _LEVEL_3.items()}}


def cityscapes_ids() -> dict[str, int]:
    """Give Cityscapes' label id of every name that a polygon may have; 0 is no class."""
    own = {item.name: item.label_ids[0] for item in LabelSpace.load('cityscapes').classes}
    return {name: own.get(_CITYSCAPES.get(name, name), UNLABELED) for name in level_3_ids()}


def read_polygons(path: Path, ids: Mapping[str, int]) -> NDArray[np.uint8]:
    """Draw the polygons of a file as label ids, ``(H, W)``; those of unknown names are left out, as the benchmark does.

    Args:
        path: A file ``*_gtFine_polygons.json``.
        ids: Label id of every name; that of ``unlabeled`` fills what no polygon covers.

    Raises:
        ValueError: The file is gone, damaged or no annotation.
    """
    try:
        annotation = json.loads(path.read_text(encoding='utf-8'))
        width, height = annotation['imgWidth'], annotation['imgHeight']
        polygons = [
            (_id_of(item['label'], ids), _corners(item['polygon']))
            for item in annotation['objects']
            if not item.get('deleted') and len(item['polygon']) > 2
        ]
        if not (isinstance(width, int) and isinstance(height, int) and 0 < width * height <= _MAX_PIXELS):
            raise ValueError(f'{width}x{height} is no size of a picture')
        canvas = Image.new('L', (width, height), ids['unlabeled'])
    # The last two: numbers that no float holds, and lists within lists without end.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(
            f'label file {path} cannot be read; it is gone, damaged or no annotation in polygons'
        ) from error
    draw = ImageDraw.Draw(canvas)
    for label_id, corners in polygons:
        if label_id is not None:
            draw.polygon(corners, fill=label_id)
    return np.array(canvas)


def _id_of(name: str, ids: Mapping[str, int]) -> int | None:
    return ids.get(name, ids.get(name.removesuffix(_GROUP)))


def _corners(polygon: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    corners = [(float(x), float(y)) for x, y in polygon]
    if not np.isfinite(corners).all():
        raise ValueError('a corner is nowhere')
    return corners
