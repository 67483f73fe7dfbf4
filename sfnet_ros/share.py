"""Find the folders that hold this package's config/ and models/, however it was installed, and the user's own."""

from __future__ import annotations

import os
from pathlib import Path

# The model that runs when nobody names one.
DEFAULT_MODEL = 'df1_camvid'


def share_folders() -> tuple[Path, ...]:
    """List the existing folders that hold config/ and models/, nearest first.

    They are the source checkout, the ament index (``share/sfnet_ros`` under each prefix of ``AMENT_PREFIX_PATH``),
    and ``share/sfnet_ros`` under a folder that the installed package lies in.
    """
    package = Path(__file__).resolve().parent
    ament_prefixes = [Path(prefix) for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if prefix]
    installed = [prefix / 'share' / package.name for prefix in (*ament_prefixes, *package.parents)]
    # package.xml tells our folder from any other parent of the package, such as site-packages.
    return tuple(dict.fromkeys(folder for folder in (package.parent, *installed) if (folder / 'package.xml').is_file()))


def user_data_folder() -> Path:
    """Name the folder of a user's own models/ and labels/, which need not exist."""
    data_home = os.environ.get('XDG_DATA_HOME') or Path.home() / '.local' / 'share'
    return Path(data_home, 'sfnet_ros')


def user_cache_folder() -> Path:
    """Name the folder of what can be made again from a user's models, which need not exist."""
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache', 'sfnet_ros')


def find_shared(relative: str) -> Path:
    """Return the first file or folder of that relative path in the share folders.

    Raises:
        FileNotFoundError: No share folder has it.
    """
    folders = share_folders()
    for folder in folders:
        if (folder / relative).exists():
            return folder / relative
    looked_in = ', '.join(map(str, folders)) or 'no folder at all, as none belongs to this installation'
    raise FileNotFoundError(
        f'{relative} is not among the files of sfnet_ros (looked in {looked_in}): '
        'check the name, or install sfnet_ros again'
    )
