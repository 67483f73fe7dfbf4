"""CamVid: the SegNet split at 480x360, and the original at 960x720.

Source: Brostow et al. 2008; split and 11 classes of Badrinarayanan et al. 2017.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.datasets.folder import pair_folders
from sfnet_ros.datasets.label_files import read_label_colors
from sfnet_ros.datasets.layout import Layout, Reader, before_underscore, label_id_reader
from sfnet_ros.datasets.pairing import Pair, files_by_name, pair_listed, pair_named
from sfnet_ros.labels import LabelSpace

_SPLITS = ('train', 'val', 'test')

_VOID = 11
_NAME = re.compile(r'(0001TP|0006R0|0016E5|Seq05VD)_f?(\d+)')

# Colours of the original label maps, by the label id of the class that they became. All other colours are void.
_COLORS = {
    (128, 128, 128): 0,
    # Building, wall, bridge, archway, tunnel.
    **dict.fromkeys(((128, 0, 0), (64, 192, 0), (0, 128, 64), (192, 0, 128), (64, 0, 64)), 1),
    # Column or pole, traffic cone.
    **dict.fromkeys(((192, 192, 128), (0, 0, 64)), 2),
    # Road, markings that lanes are driven by, other markings.
    **dict.fromkeys(((128, 64, 128), (128, 0, 192), (192, 0, 64)), 3),
    # Sidewalk, parking block, shoulder.
    **dict.fromkeys(((0, 0, 192), (64, 192, 128), (128, 128, 192)), 4),
    # Tree, other vegetation.
    **dict.fromkeys(((128, 128, 0), (192, 192, 0)), 5),
    # Sign or symbol, other text, traffic light.
    **dict.fromkeys(((192, 128, 128), (128, 128, 64), (0, 64, 64)), 6),
    (64, 64, 128): 7,
    # Car, SUV or pickup, truck or bus, train, other moving things.
    **dict.fromkeys(((64, 0, 128), (64, 128, 192), (192, 128, 192), (192, 64, 128), (128, 64, 64)), 8),
    # Pedestrian, child, cart or pram, animal.
    **dict.fromkeys(((64, 64, 0), (192, 128, 64), (64, 0, 192), (64, 128, 64)), 9),
    # Bicyclist, motorcycle or scooter.
    **dict.fromkeys(((0, 128, 192), (192, 0, 192)), 10),
}


def _pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    return pair_folders(root / split, root / f'{split}annot')


def _full_pairs(root: Path, split: str, _label_space: LabelSpace) -> list[Pair]:
    images = files_by_name(root / '701_StillsRaw_full', '*')
    labels = files_by_name(root / 'LabeledApproved_full', '*', '_L')
    # A list of one split tells that it is another division, so that its other splits are not the SegNet ones.
    if any((root / f'{listed}.txt').is_file() for listed in _SPLITS):
        return pair_listed(root / f'{split}.txt', images, labels)
    names = {name for name in images if segnet_split(name) == split}
    if not names:
        raise FileNotFoundError(f'{root / split}.txt does not exist, and no picture is of {split} in the SegNet split')
    return pair_named(names, images, labels)


def segnet_split(name: str) -> str:
    """Tell the split of a picture such as ``0016E5_08159`` by its drive and frame; empty: it is none of CamVid's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return ''
    drive, frame = found[1], int(found[2])
    if drive == 'Seq05VD' or (drive == '0001TP' and frame > 8520):
        return 'test'
    return 'val' if drive == '0016E5' and 7959 <= frame <= 8159 else 'train'


def _color_reader(_root: Path, _label_space: LabelSpace) -> Reader:
    table = np.full(64, _VOID, np.uint8)
    table[_color_index(np.array(list(_COLORS), np.uint8))] = list(_COLORS.values())
    return lambda path: table[_color_index(read_label_colors(path))]


def _color_index(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # Every channel of CamVid's colours is one of 0, 64, 128 and 192: two bits.
    red, green, blue = np.moveaxis(rgb >> 6, -1, 0)
    return np.asarray(red << 4 | green << 2 | blue, np.uint8)


CAMVID = Layout(
    title='CamVid at 480x360, the SegNet split',
    tree=('<split>/<drive>_<frame>.png', '<split>annot/<drive>_<frame>.png'),
    splits=_SPLITS,
    label_spaces=('camvid',),
    marks=(('*annot',),),
    pairs=_pairs,
    reader=label_id_reader,
    drive_of=before_underscore,
)

CAMVID_FULL = Layout(
    title='CamVid at 960x720, as its authors published it, in the SegNet split',
    tree=(
        '701_StillsRaw_full/<drive>_<frame>.png',
        'LabeledApproved_full/<drive>_<frame>_L.png (colours)',
        '<split>.txt, of another than the SegNet split (a picture a line)',
    ),
    splits=_SPLITS,
    label_spaces=('camvid',),
    marks=(('701_StillsRaw_full',),),
    pairs=_full_pairs,
    reader=_color_reader,
    drive_of=before_underscore,
)
