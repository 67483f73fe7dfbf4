"""Matrices out of MATLAB's files, which some data sets are published in.

Source: MathWorks, "MAT-File Format", level 5; numbers alone, least significant byte first.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: 'i1', 2: 'u1', 3: '<i2', 4: '<u2', 5: '<i4', 6: '<u4', 7: '<f4', 9: '<f8'}
# More than any label map has; what a damaged or hostile file unfolds to is not waited for.
_MOST_BYTES = 1 << 28


def read_matrix(path: Path, name: str) -> NDArray[Any]:
    """Read a matrix of numbers by its name.

    Raises:
        ValueError: The file is gone, damaged or of another format, or has no such matrix.
    """
    try:
        content = path.read_bytes()
        matrices = dict(_matrices(content[_HEADER_BYTES:]))
        return matrices[name]
    except (OSError, ValueError, KeyError, struct.error, zlib.error) as error:
        raise ValueError(f'label file {path} cannot be read; it is gone, damaged or no MAT-file with {name}') from error


def _matrices(content: bytes) -> Iterator[tuple[str, NDArray[Any]]]:
    for kind, data in _elements(content):
        if kind == _COMPRESSED:
            kind, data = next(_elements(zlib.decompressobj().decompress(data, _MOST_BYTES)), (0, b''))
        if kind != _MATRIX:
            continue
        _, (_, shape), (_, name), (number, values) = islice(_elements(data), 4)
        # MATLAB keeps columns together.
        matrix = np.frombuffer(values, _NUMBERS[number]).reshape(np.frombuffer(shape, '<i4'), order='F')
        yield name.decode('ascii', 'replace'), matrix


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the kinds and bytes of what lies one after the other."""
    place = 0
    while place + 8 <= len(content):
        kind, size = struct.unpack_from('<II', content, place)
        if kind >> 16:
            # Up to four bytes lie within their own head.
            yield kind & 0xFFFF, content[place + 4 : place + 4 + (kind >> 16)]
            place += 8
            continue
        yield kind, content[place + 8 : place + 8 + size]
        place += 8 + size + (0 if kind == _COMPRESSED else -size % 8)
