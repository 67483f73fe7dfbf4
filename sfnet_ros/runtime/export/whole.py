"""Files that are known to be whole: beside each lies the SHA-256 of its content, as ``sha256sum --check`` reads it.

A robot that loses power while it writes finds files of the right name and size afterwards, and zeros in them.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sfnet_ros.files import atomic_path

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 1 << 20


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path, see `atomic_path`; what was written there is known to be whole from then on."""
    with atomic_path(path) as temporary:
        yield temporary
        sha256 = _sha256(temporary)
    # Last: whoever reads in between finds one that does not match, and so no whole file.
    with atomic_path(checksum_file(path)) as temporary:
        temporary.write_text(f'{sha256}  {path.name}\n', encoding='utf-8')


def is_whole(path: Path) -> bool:
    """Tell whether a file is there, and is what `whole_file` wrote."""
    try:
        said, _, _ = checksum_file(path).read_text(encoding='utf-8').partition(' ')
        status = path.stat()
        return said == _sha256_of(path, status.st_ino, status.st_size, status.st_mtime_ns)
    except (OSError, UnicodeDecodeError):
        return False


@contextmanager
def made_by_one(path: Path) -> Iterator[None]:
    """Let one process or thread at a time make a file: who waited here finds it made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The lock goes with its holder, however that ends; its file stays, as another one may wait at it.
    with path.with_name(f'.{path.name}.lock').open('ab') as lock:
        # Some network file systems have no locks: there several make it, and each makes a whole one.
        with suppress(OSError):
            _take(lock, path)
        yield


def _take(lock: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logger.info('somebody else is making %s; waiting for that', path)
        fcntl.flock(lock, fcntl.LOCK_EX)


def checksum_file(path: Path) -> Path:
    """Name what lies beside a file."""
    return path.with_name(f'{path.name}.sha256')


@functools.lru_cache(maxsize=16)
def _sha256_of(path: Path, *_: int) -> str:
    """Hash a file once, as long as it stays the same; the start of a node asks more than once."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
