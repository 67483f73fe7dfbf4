"""Label spaces: which classes a network knows, their colours, and what they mean to a robot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import yaml
from numpy.typing import NDArray

from sfnet_ros.keys import refuse_unknown_keys
from sfnet_ros.settings import from_mapping
from sfnet_ros.share import share_folders, user_data_folder

_MAX_CLASSES = 255


def _is_byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


@dataclass(frozen=True)
class LabelClass:
    """Describe one class; its train id is its position in the label space.

    Raises:
        ValueError: A value is out of its range.
    """

    name: str
    color: tuple[int, int, int]
    label_ids: tuple[int, ...]
    drivable: bool = False
    obstacle: bool = False
    dynamic: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError('the name of a class is empty; every class needs one')
        if len(self.color) != 3 or not all(map(_is_byte, self.color)):
            raise ValueError(f'class {self.name!r}: color is three integers from 0 to 255, not {list(self.color)}')
        if not self.label_ids or not all(map(_is_byte, self.label_ids)):
            raise ValueError(
                f'class {self.name!r}: label_ids is one or more integers from 0 to 255, not {list(self.label_ids)}'
            )
        if self.drivable and self.obstacle:
            raise ValueError(f'class {self.name!r}: a class is drivable or an obstacle, not both')


@dataclass(frozen=True)
class LabelSpace:
    """Hold the classes of a network in train-id order, and map between train ids and a data set's label ids.

    Args:
        ignored_label_ids: Ids of the data set that no class covers; the first is written back for ignored pixels.

    Raises:
        ValueError: No class, more than 255 of them, or a name or label id that stands twice.
    """

    ignore_index: ClassVar[int] = 255

    name: str
    classes: tuple[LabelClass, ...]
    ignored_label_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.classes) <= _MAX_CLASSES:
            raise ValueError(f'a label space has 1 to {_MAX_CLASSES} classes, not {len(self.classes)}')
        if not all(map(_is_byte, self.ignored_label_ids)):
            raise ValueError(f'ignored_label_ids are integers from 0 to 255, not {list(self.ignored_label_ids)}')
        owners: dict[int, str] = {}
        entries = [(item.name, item.label_ids) for item in self.classes] + [('(ignored)', self.ignored_label_ids)]
        for name, label_ids in entries:
            for label_id in label_ids:
                if label_id in owners:
                    raise ValueError(f'label id {label_id} stands twice: in {owners[label_id]!r} and in {name!r}')
                owners[label_id] = name
        duplicates = sorted({name for name in self.names if self.names.count(name) > 1})
        if duplicates:
            raise ValueError(f'class name {duplicates[0]!r} stands twice')

    @property
    def num_classes(self) -> int:
        """Count the classes."""
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """List the class names by train id."""
        return tuple(item.name for item in self.classes)

    @cached_property
    def palette(self) -> NDArray[np.uint8]:
        """Give the RGB colour of every train id, ``(256, 3)``, read-only; what is no class is black."""
        palette = np.zeros((256, 3), np.uint8)
        palette[: self.num_classes] = [item.color for item in self.classes]
        palette.setflags(write=False)
        return palette

    @cached_property
    def _train_id_table(self) -> NDArray[np.uint8]:
        table = np.full(256, self.ignore_index, np.uint8)
        for train_id, item in enumerate(self.classes):
            table[list(item.label_ids)] = train_id
        return table

    @cached_property
    def _label_id_table(self) -> NDArray[np.uint8]:
        ignored = self.ignored_label_ids[0] if self.ignored_label_ids else self.ignore_index
        table = np.full(256, ignored, np.uint8)
        table[: self.num_classes] = [item.label_ids[0] for item in self.classes]
        return table

    def to_train_ids(self, label_ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn the data set's ids into train ids; ids of no class become 255."""
        return _look_up(self._train_id_table, label_ids)

    def to_label_ids(self, train_ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn train ids into the data set's ids; 255 becomes the first ignored id (255 where there is none)."""
        return _look_up(self._label_id_table, train_ids)

    @classmethod
    def load(cls, name_or_path: str | Path) -> LabelSpace:
        """Read a label space by its name, or from a YAML file.

        Args:
            name_or_path: ``'camvid'`` stands for ``camvid.yaml`` in the user's folder labels/ or, where that has none,
                in ``config/labels``; anything that ends in .yaml is a path.

        Raises:
            ValueError: No such label space, or a file that does not describe one.
        """
        path = _find(name_or_path)
        try:
            return _parse(path)
        except yaml.YAMLError as error:
            raise ValueError(f'label space {path} is not valid YAML: {" ".join(str(error).split())}') from error
        except ValueError as error:
            raise ValueError(f'label space {path}: {error}') from error

    @staticmethod
    def available() -> list[str]:
        """List the names that `load` knows."""
        return sorted(_files())


def _look_up(table: NDArray[np.uint8], ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if ids.dtype != np.uint8:
        raise ValueError(f'label maps are uint8, not {ids.dtype}')
    return table[ids]


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in ('.yaml', '.yml'):
        if not path.is_file():
            raise ValueError(f'label space file {path} does not exist')
        return path
    files = _files()
    if str(name_or_path) not in files:
        raise ValueError(
            f'label space {str(name_or_path)!r} is not known; known are {", ".join(sorted(files))}, '
            'and a path to a YAML file is accepted too'
        )
    return files[str(name_or_path)]


def _files() -> dict[str, Path]:
    """Map the names of label spaces to their files; the user's come before those of this package."""
    folders = [user_data_folder() / 'labels', *(folder / 'config' / 'labels' for folder in share_folders())]
    return {path.stem: path for folder in reversed(folders) for path in folder.glob('*.yaml')}


def _parse(path: Path) -> LabelSpace:
    document = yaml.safe_load(path.read_text(encoding='utf-8'))
    lists = {'ignored_label_ids': [], **document} if isinstance(document, dict) else {}
    refuse_unknown_keys(lists, ('classes', 'ignored_label_ids'), 'file')
    if not isinstance(lists.get('classes'), list) or not isinstance(lists['ignored_label_ids'], list):
        raise ValueError('a label space is a mapping with a list of classes, and maybe one of ignored_label_ids')
    classes = [from_mapping(LabelClass, entry, f'class {train_id}') for train_id, entry in enumerate(lists['classes'])]
    return LabelSpace(path.stem, tuple(classes), tuple(lists['ignored_label_ids']))
