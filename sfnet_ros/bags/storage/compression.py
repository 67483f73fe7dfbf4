"""Undo the compression of recordings, within bounds: what a few bytes claim to become is not believed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from lz4.frame import LZ4FrameDecompressor  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_MAGIC: Final = b'\x28\xb5\x2f\xfd'

# A raw frame of 8K UHD is a fifth of this.
_MOST_BYTES = 2**29

_BLOCK_BYTES = 2**18


class DamagedError(ValueError):
    """A part of a recording that is not as it was written."""


def decompress(data: bytes, compression: str, size: int) -> bytes:
    """Undo the compression of a chunk.

    Args:
        data: What lies in the file.
        compression: ``''``, ``'lz4'`` or ``'zstd'``.
        size: How many bytes it becomes.

    Raises:
        DamagedError: It becomes something else.
    """
    if size > _MOST_BYTES:
        raise DamagedError(f'a chunk of {size} bytes is more than the {_MOST_BYTES} accepted')
    if compression not in ('', 'lz4', 'zstd'):
        raise DamagedError(f'compression {compression[:20]!r} is not known; lz4 and zstd are')
    raw = data
    if compression:
        try:
            decompressor = LZ4FrameDecompressor() if compression == 'lz4' else zstd.ZstdDecompressor()
            raw = decompressor.decompress(data, max_length=size) if size else b''
        except (EOFError, RuntimeError, ValueError, zstd.ZstdError) as error:
            raise DamagedError(f'{compression} data is damaged ({error})') from error
    if len(raw) != size:
        raise DamagedError(f'a chunk of {size} bytes gives {len(raw)}')
    return raw


def decompress_message(data: bytes) -> bytes:
    """Undo the compression of a message; what was not compressed is given back.

    CDR begins with a zero, so that the two are told apart by their first bytes.

    Raises:
        DamagedError: It is damaged.
    """
    if not data.startswith(ZSTD_MAGIC):
        return data
    decompressor = zstd.ZstdDecompressor()
    try:
        raw = decompressor.decompress(data, max_length=_MOST_BYTES)
    except (EOFError, zstd.ZstdError) as error:
        raise DamagedError(f'zstd data is damaged ({error})') from error
    if not decompressor.eof:
        raise DamagedError(f'zstd data is cut off after {len(data)} bytes')
    return raw


def decompress_file(source: Path, target: Path) -> str:
    """Write what a compressed file was, as far as it is readable.

    Returns:
        What is wrong with it; empty where nothing is.
    """
    with source.open('rb') as file, target.open('wb') as out:
        try:
            for plain in _decompressed(file):
                out.write(plain)
        except (DamagedError, EOFError, zstd.ZstdError) as error:
            return str(error)
    return ''


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    # Not zstd.open: that reads ahead, and loses what is whole before the damage.
    decompressor = zstd.ZstdDecompressor()
    while block := file.read(_BLOCK_BYTES):
        while block:
            if decompressor.eof:
                decompressor = zstd.ZstdDecompressor()
            yield decompressor.decompress(block, max_length=_BLOCK_BYTES)
            while not decompressor.needs_input and not decompressor.eof:
                yield decompressor.decompress(b'', max_length=_BLOCK_BYTES)
            block = decompressor.unused_data
    if not decompressor.eof:
        raise DamagedError('it is cut off')
