"""Mapillary Vistas 1.2 and 2.0, in classes of its own or in those of Cityscapes.

Source: Neuhold et al., ICCV 2017; folders and ``config*.json`` of the published archives. The mapping to Cityscapes
goes by the meaning of the classes, as for the pretraining of section 4.1; it is ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sfnet_ros.datasets.cityscapes_ids import of_class_names
from sfnet_ros.datasets.folder import pair_folders
from sfnet_ros.datasets.layout import Layout, Reader, label_id_reader, table_reader
from sfnet_ros.datasets.pairing import Pair
from sfnet_ros.labels import LabelSpace

_OWN_SPACE = 'mapillary'
_FOLDERS = {'train': 'training', 'val': 'validation'}

# Beginnings of Mapillary's class names, and the class of Cityscapes; the longest that fits counts, '' is none.
_CITYSCAPES = {
    'construction--barrier--curb': 'sidewalk',
    'construction--barrier--fence': 'fence',
    'construction--barrier--wall': 'wall',
    'construction--flat--bike-lane': 'road',
    'construction--flat--crosswalk-plain': 'road',
    'construction--flat--curb-cut': 'sidewalk',
    'construction--flat--driveway': 'road',
    'construction--flat--pedestrian-area': 'sidewalk',
    'construction--flat--road': 'road',
    'construction--flat--road-shoulder': '',
    'construction--flat--service-lane': 'road',
    'construction--flat--sidewalk': 'sidewalk',
    'construction--structure--building': 'building',
    'construction--structure--garage': 'building',
    'human--person': 'person',
    'human--rider': 'rider',
    'marking': 'road',
    'marking-only': 'road',
    'nature--sky': 'sky',
    'nature--terrain': 'terrain',
    'nature--vegetation': 'vegetation',
    'object--catch-basin': 'road',
    'object--manhole': 'road',
    'object--pothole': 'road',
    'object--street-light': 'pole',
    'object--support--pole': 'pole',
    'object--support--pole-group': '',
    'object--support--utility-pole': 'pole',
    'object--traffic-light': 'traffic light',
    'object--traffic-sign': 'traffic sign',
    'object--traffic-sign--back': '',
    'object--traffic-sign--direction-back': '',
    'object--traffic-sign--temporary-back': '',
    'object--vehicle--bicycle': 'bicycle',
    'object--vehicle--bus': 'bus',
    'object--vehicle--car': 'car',
    'object--vehicle--motorcycle': 'motorcycle',
    'object--vehicle--on-rails': 'train',
    'object--vehicle--truck': 'truck',
}


def cityscapes_class(name: str) -> str:
    """Tell the class of Cityscapes that a class of Mapillary belongs to; empty: none."""
    fitting = [start for start in _CITYSCAPES if name == start or name.startswith(f'{start}--')]
    return _CITYSCAPES[max(fitting, key=len)] if fitting else ''


def _class_names(config: Path) -> Sequence[str]:
    """Read the names of the classes, in the order of their ids."""
    if not config.is_file():
        raise FileNotFoundError(f'{config} does not exist; it comes with the data set and names its classes')
    try:
        names = [entry['name'] for entry in json.loads(config.read_text(encoding='utf-8'))['labels']]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{config} is not the config of Mapillary Vistas: no list of labels with names') from error
    if len(names) > 256 or not all(isinstance(name, str) for name in names):
        raise ValueError(f'{config} names {len(names)} classes; accepted are up to 256 names')
    return names


def _reader(config: Path, label_space: LabelSpace) -> Reader:
    if label_space.name == _OWN_SPACE:
        return label_id_reader(config.parent, label_space)
    classes = {label_id: cityscapes_class(name) for label_id, name in enumerate(_class_names(config))}
    return table_reader(of_class_names({label_id: name for label_id, name in classes.items() if name}))


def _pairs_1_2(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    folder = root / _FOLDERS[split]
    # The archive of version 2.0 brings the labels of 1.2 along, in a folder of their own.
    labels = folder / 'v1.2' / 'labels'
    return pair_folders(folder / 'images', labels if labels.is_dir() else folder / 'labels')


def _reader_1_2(root: Path, label_space: LabelSpace) -> Reader:
    beside_2_0 = root / 'config_v1.2.json'
    return _reader(beside_2_0 if beside_2_0.is_file() else root / 'config.json', label_space)


def _pairs_2_0(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    folder = root / _FOLDERS[split]
    return pair_folders(folder / 'images', folder / 'v2.0' / 'labels')


def _reader_2_0(root: Path, label_space: LabelSpace) -> Reader:
    return _reader(root / 'config_v2.0.json', label_space)


MAPILLARY = Layout(
    title='Mapillary Vistas 1.2',
    tree=(
        'training/images/<name>.jpg, validation/images/<name>.jpg',
        'training/labels/<name>.png or training/v1.2/labels/<name>.png, and for validation',
        'config.json or config_v1.2.json',
    ),
    splits=('train', 'val'),
    label_spaces=('cityscapes', _OWN_SPACE),
    marks=(('training/images', 'training/labels'), ('training/v1.2',)),
    pairs=_pairs_1_2,
    reader=_reader_1_2,
)

MAPILLARY_2 = Layout(
    title='Mapillary Vistas 2.0',
    tree=(
        'training/images/<name>.jpg, validation/images/<name>.jpg',
        'training/v2.0/labels/<name>.png, and for validation',
        'config_v2.0.json',
    ),
    splits=('train', 'val'),
    label_spaces=('cityscapes',),
    marks=(('training/v2.0',),),
    pairs=_pairs_2_0,
    reader=_reader_2_0,
)
