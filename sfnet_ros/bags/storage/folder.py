"""Find and open the files of a recording, with its metadata or without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sfnet_ros.bags.storage.base import BagError, Storage
from sfnet_ros.bags.storage.compression import DamagedError, decompress_file
from sfnet_ros.bags.storage.mcap import McapFile
from sfnet_ros.bags.storage.metadata import NAME, Metadata, read_metadata
from sfnet_ros.bags.storage.recorded import Recorded
from sfnet_ros.bags.storage.ros1 import Ros1File
from sfnet_ros.bags.storage.sqlite import SqliteFile
from sfnet_ros.bags.tally import Tally

_FORMATS: dict[str, Callable[[Path, Tally], Storage]] = {'.mcap': McapFile, '.db3': SqliteFile, '.bag': Ros1File}
_COMPRESSED = ('.zstd', '.zst')


@contextmanager
def open_recorded(path: Path, tally: Tally) -> Iterator[Recorded]:
    """Open a recording as far as it is readable.

    Args:
        path: A rosbag2 folder, or an .mcap, .db3 or .bag file, which zstd may have compressed.
        tally: Told what is not readable.

    Raises:
        BagError: Nothing in it is readable.
    """
    metadata = read_metadata(path, tally) if path.is_dir() else Metadata()
    files = _files(path, metadata, tally) if path.is_dir() else [path]
    storages: list[Storage] = []
    with ExitStack() as stack:
        for file in files:
            try:
                storages.append(_open(file, tally, stack))
            except DamagedError as error:
                if len(files) == 1:
                    raise BagError(f'bag {path} cannot be read: {error}') from error
                tally.add('unreadable files, left out', f'{file.name}: {error}')
        if not storages:
            raise BagError(f'bag {path} cannot be read: none of its {len(files)} files is readable')
        yield Recorded(storages, metadata)


def _files(folder: Path, metadata: Metadata, tally: Tally) -> list[Path]:
    named = [folder / name for name in metadata.files]
    for file in named:
        if not file.is_file():
            tally.add(f'files that {NAME} names and that are not there', file.name)
    present = [file for file in named if file.is_file()]
    present = present or sorted((file for file in folder.iterdir() if _format(file)), key=_by_number)
    if not present:
        raise BagError(
            f'bag {folder} cannot be read: a rosbag2 folder has {NAME} and {", ".join(_FORMATS)} files, '
            'and this one has no such file'
        )
    return present


def _by_number(file: Path) -> tuple[int, str]:
    # drive_10.mcap comes after drive_9.mcap.
    numbers = re.findall(r'\d+', file.name.partition('.')[0])
    return int(numbers[-1]) if numbers else 0, file.name


def _format(file: Path) -> str:
    """Tell the format of a file by its name; '' for what is none."""
    suffix = Path(file.stem).suffix if file.suffix in _COMPRESSED else file.suffix
    return suffix if suffix in _FORMATS else ''


def _open(file: Path, tally: Tally, stack: ExitStack) -> Storage:
    opener = _FORMATS.get(_format(file))
    if opener is None:
        raise DamagedError(f'its name ends in none of {", ".join(_FORMATS)}')
    if file.suffix in _COMPRESSED:
        plain = Path(stack.enter_context(TemporaryDirectory(prefix='sfnet_bag_')), file.stem)
        damage = decompress_file(file, plain)
        if damage:
            tally.add('damaged compressed files, used as far as they go', f'{file.name}: {damage}')
        file = plain
    storage = opener(file, tally)
    stack.callback(storage.close)
    return storage
