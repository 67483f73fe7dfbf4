"""Which label map belongs to which picture."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

SUFFIXES = ('.png', '.webp', '.jpg', '.jpeg')

# A hundred paths help nobody.
_LISTED = 10


@dataclass(frozen=True)
class Pair:
    """A picture and its label map.

    Args:
        name: What the data set calls it.
        image: Its file.
        labels: The label map's file.
    """

    name: str
    image: Path
    labels: Path


def files_by_name(root: Path, pattern: str, ending: str = '', suffixes: Collection[str] = SUFFIXES) -> dict[str, Path]:
    """Find files by the name that they have without their ending.

    Args:
        root: Folder that must exist.
        pattern: Of paths below it, as `Path.glob` takes them.
        ending: End of the stem that is no part of the name, such as ``_leftImg8bit``; other files are passed over.
        suffixes: Of the files, in small letters.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: No file is found, or two have one name.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"folder {root} does not exist; give the data set's root folder")
    files = sorted(root.glob(pattern))
    paths = [path for path in files if path.suffix.lower() in suffixes and path.stem.endswith(ending)]
    found = {path.stem.removesuffix(ending): path for path in paths}
    if len(found) < len(paths):
        twice = next(path for path in paths if found[path.stem.removesuffix(ending)] != path)
        raise ValueError(f'{twice} and {found[twice.stem.removesuffix(ending)]} have one name; keep one of them')
    if not found:
        what = 'pictures' if suffixes is SUFFIXES else 'files'
        raise ValueError(f'folder {root} holds no {what} {pattern}{ending}; accepted are {", ".join(suffixes)}')
    return found


def pair_up(images: Mapping[str, Path], labels: Mapping[str, Path]) -> list[Pair]:
    """Pair pictures with the label maps of their names, in the order of the names.

    Label maps without a picture are left out, with a warning.

    Raises:
        ValueError: A picture has no label map; the sentence lists them.
    """
    missing = [images[name] for name in sorted(images.keys() - labels.keys())]
    if missing:
        raise ValueError(
            f'{len(missing)} of {len(images)} pictures have no label map: {listed(missing)}; '
            'add the label maps, or take these pictures out'
        )
    left_over = [labels[name] for name in sorted(labels.keys() - images.keys())]
    if left_over:
        logger.warning('%d of %d label maps have no picture: %s', len(left_over), len(labels), listed(left_over))
    return [Pair(name, images[name], labels[name]) for name in sorted(images)]


def pair_listed(listing: Path, images: Mapping[str, Path], labels: Mapping[str, Path]) -> list[Pair]:
    """Pair the pictures that a file lists: on each line a name or path first; what it does not list is of other splits.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It lists nothing, pictures that are not there, or some without a label map.
    """
    if not listing.is_file():
        raise FileNotFoundError(f'{listing} does not exist; it lists the pictures of the split, one a line')
    names = {Path(line.split()[0]).stem for line in listing.read_text(encoding='utf-8').splitlines() if line.strip()}
    if not names:
        raise ValueError(f'{listing} lists no pictures; it has one a line')
    unknown = sorted(names - images.keys())
    if unknown:
        raise ValueError(f'{listing} lists {len(unknown)} pictures that are not there: {listed(unknown)}')
    return pair_named(names, images, labels)


def pair_named(names: Set[str], images: Mapping[str, Path], labels: Mapping[str, Path]) -> list[Pair]:
    """Pair the pictures of these names, and leave all others alone; see ``pair_up``."""
    return pair_up(*({name: found[name] for name in names & found.keys()} for found in (images, labels)))


def listed(items: Iterable[object]) -> str:
    """Name the first ten of some things, and how many more there are."""
    names = [str(item) for item in items]
    more = f' and {len(names) - _LISTED} more' if len(names) > _LISTED else ''
    return ', '.join(names[:_LISTED]) + more
