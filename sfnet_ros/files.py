"""Write files so that a reader sees the whole of them or nothing."""

from __future__ import annotations

import errno
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target, and move what was written there onto the target.

    The temporary name keeps the suffix, as writers choose their format by it. Missing parent folders are made. When the
    block raises, the target is left as it was and the temporary file is deleted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are readable by their owner alone, and os.replace would keep them so.
    temporary = path.with_name(f'.{path.stem}.{secrets.token_hex(4)}{path.suffix}')
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def clear_leftovers(path: Path) -> None:
    """Delete what `atomic_path` has left beside a target where its process was killed.

    Only for a target that nobody else writes: what is being written cannot be told from what never will be.
    """
    for leftover in path.parent.glob(f'.{escape(path.stem)}.{"[0-9a-f]" * 8}{escape(path.suffix)}'):
        leftover.unlink(missing_ok=True)


def check_writable(*paths: Path | None) -> None:
    """Refuse files that `atomic_path` could not write, which is better known before a long work than after it.

    Args:
        paths: What will be written; None is nothing. Missing parent folders are made.

    Raises:
        OSError: One is a folder, or its folder cannot be made or written into.
    """
    for path in filter(None, paths):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            # The name of what was tried tells nobody anything.
            raise OSError(error.errno, error.strerror, str(path)) from error


def refuse_existing(path: Path) -> None:
    """Make sure that nothing has the name of what is to be made.

    Raises:
        FileExistsError: Something has.
    """
    if path.exists():
        raise FileExistsError(f'{path} exists already and is left as it is: choose another name, or delete it first')


def write_json(path: Path, content: Any) -> None:
    """Write plain values as JSON, wholly or not at all.

    Raises:
        OSError: It cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')
