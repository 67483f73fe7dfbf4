"""Folders of models: where they are looked for, and how they may be named."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sfnet_ros.runtime.manifest import MANIFEST_FILE
from sfnet_ros.share import share_folders, user_data_folder

WEIGHTS_FILE = 'weights.safetensors'
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')


def user_models_folder() -> Path:
    """Name the folder of a user's own models, which need not exist."""
    return user_data_folder() / 'models'


def models_folders() -> tuple[Path, ...]:
    """List the folders that models are looked for in: ``$SFNET_MODELS``, the user's own, the installed ones."""
    listed = [Path(entry) for entry in os.environ.get('SFNET_MODELS', '').split(os.pathsep) if entry]
    shared = [folder / 'models' for folder in share_folders()]
    return (*listed, user_models_folder(), *shared)


def list_models() -> list[Path]:
    """List the folders of all models that can be named, in the order of their names."""
    names = {model.name for folder in models_folders() for model in models_in(folder)}
    return [_most_whole(name) for name in sorted(names)]


def models_in(folder: Path) -> list[Path]:
    """List the folders of models in a folder, in the order of their names; what a broken-off save left is none."""
    folders = [manifest.parent for manifest in folder.glob(f'*/{MANIFEST_FILE}')]
    return sorted(model for model in folders if _NAME.fullmatch(model.name))


def find_model(name_or_folder: str | Path) -> Path:
    """Find a model's folder by its name or path.

    Args:
        name_or_folder: An existing model folder, or a name that is looked for in `models_folders`: the first one that
            has all its files is taken.

    Raises:
        ValueError: There is none.
    """
    path, name = Path(name_or_folder), str(name_or_folder)
    if name and (path / MANIFEST_FILE).is_file():
        return path
    if _NAME.fullmatch(name) and any((folder / name).is_dir() for folder in models_folders()):
        return _most_whole(name)
    if name and path.is_dir():
        # No model, but loading says what it lacks.
        return path
    known = ', '.join(folder.name for folder in list_models()) or 'none'
    raise ValueError(f'model {name!r} was not found; known are {known}, and the path of a model folder is accepted too')


def check_destination(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that `save_model` would not write, which is better known before a long work than after it.

    Raises:
        ValueError: Its name is none for a model, or it is there already: as a model, unless that is to be overwritten.
    """
    check_model_name(folder.name)
    if folder.exists() and not overwrite:
        raise ValueError(f'{folder} exists already; choose another name, or ask for it to be overwritten')
    if folder.exists() and not (folder / MANIFEST_FILE).is_file():
        raise ValueError(f'{folder} exists and is no model, so it is not overwritten; choose another name')


def check_model_name(name: str) -> None:
    """Refuse a name that cannot be that of a model.

    Raises:
        ValueError: It holds a separator, or anything but letters, digits, '.', '_' and '-'.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"model name {name!r} is not accepted: use letters, digits, '.', '_' and '-', no '.' first")


def _most_whole(name: str) -> Path:
    """Give the first folder of that name with all its files; where none has, loading says what the nearest lacks."""
    folders = [folder / name for folder in models_folders() if (folder / name).is_dir()]
    return max(folders, key=lambda folder: [(folder / file).is_file() for file in (MANIFEST_FILE, WEIGHTS_FILE)])
