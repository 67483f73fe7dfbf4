"""What the numbers in a label map mean."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.labels import LabelSpace

# Far more than 255 classes take: a larger message is no legend.
_MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Entry:
    """Describe one class by the number that it has in the labels.

    Raises:
        ValueError: A number or colour that is out of range.
    """

    id: int
    name: str
    color: tuple[int, int, int]
    drivable: bool = False
    obstacle: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.id <= 254:
            raise ValueError(f'class {self.name!r} has id {self.id}; 0 to 254 are accepted, as 255 is unlabelled')
        if len(self.color) != 3 or not all(0 <= value <= 255 for value in self.color):
            raise ValueError(f'class {self.name!r} has color {list(self.color)}; three numbers from 0 to 255 make one')


@dataclass(frozen=True, eq=False)
class Legend:
    """Hold what every label stands for, in tables by label.

    Args:
        is_class: ``(256,)``, like the other two roles.
        is_drivable: Can be driven on.
        is_obstacle: Is in the way.
        colors: 0xRRGGBB, ``(256,)`` uint32; what is no class is black.
    """

    is_class: NDArray[np.bool_]
    is_drivable: NDArray[np.bool_]
    is_obstacle: NDArray[np.bool_]
    colors: NDArray[np.uint32]


def make_legend(entries: Iterable[Entry], drivable: tuple[str, ...], obstacles: tuple[str, ...]) -> Legend:
    """Put classes into tables.

    Args:
        entries: The classes.
        drivable: Names of those that can be driven on; none is those that the entries say.
        obstacles: Names of those that are in the way, likewise.

    Raises:
        ValueError: An id stands twice, or a name is no class.
    """
    classes = {entry.id: entry for entry in entries}
    names = [entry.name for entry in classes.values()]
    _refuse_unknown('drivable_classes', drivable, names)
    _refuse_unknown('obstacle_classes', obstacles, names)
    is_class, is_drivable, is_obstacle = np.zeros((3, 256), np.bool_)
    colors = np.zeros(256, np.uint32)
    for number, entry in classes.items():
        red, green, blue = entry.color
        is_class[number] = True
        is_drivable[number] = entry.name in drivable if drivable else entry.drivable
        is_obstacle[number] = entry.name in obstacles if obstacles else entry.obstacle
        colors[number] = red << 16 | green << 8 | blue
    return Legend(is_class, is_drivable, is_obstacle, colors)


def entries_of(label_space: LabelSpace) -> list[Entry]:
    """List the classes of a label space by their train ids."""
    return [
        Entry(train_id, item.name, item.color, item.drivable, item.obstacle)
        for train_id, item in enumerate(label_space.classes)
    ]


def read_entries(text: str) -> list[Entry]:
    """Read the classes from the JSON on a legend topic.

    Raises:
        ValueError: One sentence about what is not as it is to be.
    """
    try:
        document = json.loads(text) if len(text) <= _MAX_CHARACTERS else None
    except (ValueError, RecursionError) as error:
        raise ValueError(f'the legend is not JSON: {error}') from error
    classes = document.get('classes') if isinstance(document, dict) else None
    if not isinstance(classes, list) or not classes:
        raise ValueError('the legend has no list of classes')
    entries = [_entry(item) for item in classes]
    numbers = [entry.id for entry in entries]
    twice = [number for number in numbers if numbers.count(number) > 1]
    if twice:
        raise ValueError(f'the legend has two classes with id {twice[0]}')
    return entries


def _entry(item: object) -> Entry:
    if not isinstance(item, dict):
        raise ValueError(f'the legend has a class that is no mapping but {str(item)[:40]!r}')
    number, name, color = item.get('id'), item.get('name'), item.get('color')
    is_color = isinstance(color, list) and all(type(value) is int for value in color)
    if type(number) is not int or not isinstance(name, str) or not is_color:
        raise ValueError(f'the legend has a class without id, name and color: {str(item)[:80]}')
    assert isinstance(color, list)
    return Entry(number, name, tuple(color), item.get('drivable') is True, item.get('obstacle') is True)


def _refuse_unknown(parameter: str, wanted: tuple[str, ...], names: list[str]) -> None:
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f'did you mean {near[0]!r}?' if near else f'classes are {", ".join(names)}'
            raise ValueError(f'parameter {parameter} names {name!r}, which is no class of the labels; {hint}')
