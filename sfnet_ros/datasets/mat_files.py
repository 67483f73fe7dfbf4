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
_LEVEL_5 = b'\x00\x01IM'
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: 'i1', 2: 'u1', 3: '<i2', 4: '<u2', 5: '<i4', 6: '<u4', 7: '<f4', 9: '<f8', 12: '<i8', 13: '<u8'}
# More than any label map has; what a damaged or hostile file holds or unfolds to beyond is not waited for.
_MOST_BYTES = 1 << 28


def read_matrix(path: Path, name: str) -> NDArray[Any]:
    """Read a matrix of numbers by its name.

    Raises:
        ValueError: The file is gone, damaged or of another format, or has no such matrix.
    """
    try:
        with path.open('rb') as file:
            content = file.read(_MOST_BYTES)
        if not content[:_HEADER_BYTES].endswith(_LEVEL_5):
            raise ValueError('another format, such as the HDF5 of level 7.3')
        found = (matrix for matrix in _matrices(content[_HEADER_BYTES:]) if matrix[0] == name.encode())
        _, shape, number, values = next(found)
        return _to_matrix(shape, number, values)
    except (OSError, ValueError, KeyError, StopIteration, struct.error, zlib.error) as error:
        raise ValueError(
            f'label file {path} cannot be read; it is gone, damaged or no MAT-file of level 5 with {name}'
        ) from error


def _matrices(content: bytes) -> Iterator[tuple[bytes, bytes, int, bytes]]:
    """Give the name, the shape, the kind of number and the values of each matrix."""
    left = _MOST_BYTES
    for kind, data in _elements(content):
        if kind == _COMPRESSED:
            data = zlib.decompressobj().decompress(data, left)
            left -= len(data)
            kind, data = next(_elements(data), (0, b''))
        if kind != _MATRIX or left <= 0:
            raise ValueError('no matrices, or too large ones')
        _, (_, shape), (_, name), (number, values) = islice(_elements(data), 4)
        yield name, shape, number, values


def _to_matrix(shape: bytes, number: int, values: bytes) -> NDArray[Any]:
    sides = np.frombuffer(shape, '<i4')
    if sides.min() < 0:
        raise ValueError(f'{sides} is no shape')
    # MATLAB keeps columns together.
    return np.frombuffer(values, _NUMBERS[number]).reshape(sides, order='F')


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
