"""Label maps as the test server of Cityscapes takes them.

Source: the submission page of cityscapes-dataset.com and cityscapesScripts' evaluation: PNGs of label ids at full
resolution, found by ``<city>_<sequence>_<frame>`` at the beginning of their names, in one zip.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.files import atomic_path
from sfnet_ros.labels import LabelSpace

_NAME = re.compile(r'[a-z0-9-]+_\d{6}_\d{6}')


class Submission:
    """Add label maps to a zip; `new_submission` makes one."""

    def __init__(self, archive: zipfile.ZipFile, label_space: LabelSpace) -> None:
        self._archive = archive
        self._label_space = label_space

    def add(self, name: str, label_map: NDArray[np.uint8]) -> None:
        """Add the train ids ``(H, W)`` of one picture, and read back what was written.

        Raises:
            ValueError: The name is none of Cityscapes.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f'{name} is no picture of Cityscapes, whose names are <city>_<sequence>_<frame>')
        done, png = cv2.imencode('.png', self._label_space.to_label_ids(label_map))
        assert done
        read_back = np.asarray(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), np.uint8)
        assert np.array_equal(self._label_space.to_train_ids(read_back), label_map), name
        # A fixed date, so that the same labels make the same file; PNGs do not shrink further.
        self._archive.writestr(zipfile.ZipInfo(f'{name}_pred.png'), png.tobytes())


@contextmanager
def new_submission(path: Path, label_space: LabelSpace) -> Iterator[Submission]:
    """Make a zip that gets its name when it is whole.

    Args:
        path: Ends in .zip.
        label_space: Turns train ids into label ids.

    Raises:
        ValueError: Another ending.
    """
    if path.suffix != '.zip':
        raise ValueError(f'{path} is no .zip, which the test server takes')
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, 'w') as archive:
        yield Submission(archive, label_space)
