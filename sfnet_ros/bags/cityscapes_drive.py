"""Sequences of Cityscapes: 30 frames each, of which one has labels and a calibration.

Source: Cordts et al., CVPR 2016; folders and names of the published archives.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from sfnet_ros.bags.drive import Drive, FrameFiles
from sfnet_ros.datasets.pairing import files_by_name
from sfnet_ros.labels import LabelSpace

# Of its camera, in frames per second.
RATE: Final = 17.0

_SPLITS: Final = ('train', 'val', 'test')
_NAME: Final = re.compile(r'(?P<city>.+)_(?P<sequence>\d+)_(?P<frame>\d+)')


def cityscapes_drive(root: Path, split: str, cities: Collection[str], sequences: Collection[str]) -> Drive:
    """Open sequences of Cityscapes.

    Frames come from ``leftImg8bit_sequence``, or from ``leftImg8bit`` where the sequences are not there; labels from
    ``gtFine`` and calibrations from ``camera``, as far as they are there.

    Args:
        root: Folder of the data set.
        split: train, val or test.
        cities: Only frames of these; empty: all.
        sequences: Only frames of these, such as ``000021``; empty: all.

    Raises:
        FileNotFoundError: The data set is not there.
        ValueError: No such split, city or sequence.
    """
    if split not in _SPLITS:
        raise ValueError(f'split {split!r} is not one of {", ".join(_SPLITS)}')
    pictures = root / 'leftImg8bit_sequence'
    pictures = (pictures if pictures.is_dir() else root / 'leftImg8bit') / split
    images: dict[str, Path] = {}
    for city in _known_cities(pictures, cities):
        images |= files_by_name(pictures, f'{city}/*', '_leftImg8bit')
    images = _of_sequences(images, sequences)
    labels = _beside(root / 'gtFine' / split, '_gtFine_labelIds.png')
    cameras = _by_sequence(_beside(root / 'camera' / split, '_camera.json'))
    files = [FrameFiles(images[name], labels.get(name), _nearest(cameras, name)) for name in sorted(images)]
    return Drive(files, LabelSpace.load('cityscapes'))


def _known_cities(pictures: Path, cities: Collection[str]) -> list[str]:
    present = sorted(path.name for path in pictures.iterdir() if path.is_dir()) if pictures.is_dir() else []
    unknown = sorted(set(cities) - set(present))
    if present and unknown:
        raise ValueError(f'city {unknown[0]!r} is not in {pictures}; its cities are {", ".join(present)}')
    return sorted(cities) or ['*']


def _of_sequences(images: Mapping[str, Path], sequences: Collection[str]) -> dict[str, Path]:
    sequence_of = {name: _part(name, 'sequence') for name in images}
    # 21 stands for 000021.
    wanted = {sequence.zfill(6) for sequence in sequences}
    unknown = sorted(wanted - set(sequence_of.values()))
    if unknown:
        present = sorted(set(sequence_of.values()))
        more = f' and {len(present) - 10} more' if len(present) > 10 else ''
        raise ValueError(
            f'sequence {unknown[0]!r} is not among these frames; there are {", ".join(present[:10])}{more}'
        )
    return {name: path for name, path in images.items() if not wanted or sequence_of[name] in wanted}


def _beside(folder: Path, ending: str) -> dict[str, Path]:
    """Find files by the name of their frame; none where the folder is not there."""
    return {path.name.removesuffix(ending): path for path in sorted(folder.glob(f'*/*{ending}'))}


def _by_sequence(cameras: Mapping[str, Path]) -> dict[str, dict[int, Path]]:
    """Sort calibrations by city and sequence, and there by the number of their frame."""
    sorted_in: dict[str, dict[int, Path]] = {}
    for name, path in cameras.items():
        sorted_in.setdefault(name.rpartition('_')[0], {})[_number(name)] = path
    return sorted_in


def _nearest(cameras: Mapping[str, Mapping[int, Path]], name: str) -> Path | None:
    """Give the calibration of a frame, or that of the nearest frame of its sequence that has one."""
    numbered = cameras.get(name.rpartition('_')[0])
    if numbered is None:
        return None
    return numbered[min(numbered, key=lambda number: abs(number - _number(name)))]


def _number(name: str) -> int:
    return int(_part(name, 'frame') or 0)


def _part(name: str, part: str) -> str:
    match = _NAME.fullmatch(name)
    return match[part] if match else ''
