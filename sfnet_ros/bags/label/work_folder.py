"""Keep chunks of labels on disk until the recording that they are for is whole."""

from __future__ import annotations

import fcntl
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import IO

from sfnet_ros.bags.label.plan import LabelPlan
from sfnet_ros.bags.read import BagError
from sfnet_ros.files import atomic_path

_PLAN_FILE = 'plan.json'
_CHUNK = 'chunk_{}.zip'


class WorkFolder:
    """Hold the chunks of one plan in a folder beside its output, named after both; one process at a time has it.

    Args:
        out: The output.
        plan: Of what is to be there.
    """

    def __init__(self, out: Path, plan: LabelPlan) -> None:
        self.folder = out.with_name(f'{out.name}.partial-{plan.digest}')
        self._out = out
        self._plan = plan
        self._lock: IO[bytes] | None = None

    def open(self) -> None:
        """Make the folder, or take it up again where it is there.

        Raises:
            BagError: Another process has it.
            OSError: It cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / _PLAN_FILE).open('ab')
        try:
            # A process that is killed holds it no longer.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise BagError(f'another process is at work in {self.folder}: wait for it, or end it') from error
        # For people who wonder what it is; the name alone says whether it fits.
        self._lock.truncate(0)
        self._lock.write(json.dumps(asdict(self._plan), indent=2, default=str).encode() + b'\n')
        self._lock.flush()
        for left in self.folder.glob('.chunk_*'):
            left.unlink()

    def close(self) -> None:
        """Leave the folder to others."""
        if self._lock is not None:
            self._lock.close()

    def new_bag_folder(self) -> Path:
        """Name where the output is written before it gets its name, and delete what an earlier process wrote there.

        Raises:
            OSError: It cannot be deleted.
        """
        # The file in a bag is named after the bag's folder, so that has its last name from the start.
        folder = self.folder / 'bag' / self._out.name
        if folder.parent.exists():
            shutil.rmtree(folder.parent)
        return folder

    def has(self, number: int) -> bool:
        """Tell whether a chunk is there; it is whole, then."""
        return self._chunk(number).is_file()

    def put(self, number: int, data: bytes) -> None:
        """Keep a chunk.

        Raises:
            OSError: The disk is full, or the folder cannot be written.
        """
        with atomic_path(self._chunk(number)) as temporary:
            temporary.write_bytes(data)

    def get(self, number: int) -> bytes:
        """Read a chunk."""
        return self._chunk(number).read_bytes()

    def clear(self) -> None:
        """Delete the folder; what of it cannot be deleted is only in the way."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _chunk(self, number: int) -> Path:
        return self.folder / _CHUNK.format(f'{number:06d}')
