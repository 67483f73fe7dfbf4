"""Picture files that users name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUFFIXES = ('.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff')


def find_pictures(paths: Iterable[Path]) -> list[Path]:
    """Open folders, and keep each picture once.

    Raises:
        ValueError: A folder holds no pictures.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        inside = [entry for entry in sorted(path.iterdir()) if _is_picture(entry)] if path.is_dir() else [path]
        if not inside:
            raise ValueError(f'folder {path} holds no pictures; accepted are {", ".join(_SUFFIXES)}')
        for picture in inside:
            found.setdefault(picture.resolve(), picture)
    return list(found.values())


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """Read a picture ``(H, W, 3)`` as viewers show it, turned as its EXIF says; None: it cannot be read."""
    import cv2
    import numpy as np

    try:
        bgr = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    return None if bgr is None else np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and path.is_file()
