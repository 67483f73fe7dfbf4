"""CamVid in the layout of the SegNet split."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sfnet_ros.datasets.base import PairedFolders
from sfnet_ros.labels import LabelSpace

SPLITS = ('train', 'val', 'test')


class CamVid(PairedFolders):
    """CamVid, 11 classes: ``<root>/<split>`` holds the frames, ``<root>/<split>annot`` the label maps.

    A frame's name begins with the drive that it is from, ``0016E5_08159``; drives can be left out or chosen, so that
    a recipe is judged on one that no training frame is from.

    Args:
        root: Folder of the data set.
        split: train, val or test.
        drives: Keep only these drives; empty: all.
        exclude_drives: Leave these drives out.

    Source: Brostow et al. 2008; split of Badrinarayanan et al. 2017.
    """

    def __init__(
        self, root: str | Path, split: str, drives: Collection[str] = (), exclude_drives: Collection[str] = ()
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f'split {split!r} is not one of {", ".join(SPLITS)}')
        super().__init__(Path(root) / split, Path(root) / f'{split}annot', LabelSpace.load('camvid'))
        present = {drive_of(name) for name in self.names}
        unknown = sorted({*drives, *exclude_drives} - present)
        if unknown:
            raise ValueError(f'drive {unknown[0]!r} is not in {split}; its drives are {", ".join(sorted(present))}')
        kept = (set(drives) or present) - set(exclude_drives)
        self.select({name for name in self.names if drive_of(name) in kept})


def drive_of(name: str) -> str:
    """Tell the drive from a frame's name."""
    return name.split('_', 1)[0]
