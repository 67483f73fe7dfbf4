"""The stamp of a message as it is serialized, read and changed without taking the message apart."""

from __future__ import annotations

import struct

# The encapsulation comes first, whose second byte is odd for little-endian; then the header, and its stamp before all.
_BYTE_ORDER_AT, _STAMP_AT, _STAMP_END = 1, 4, 12
_STAMPS = struct.Struct('>iI'), struct.Struct('<iI')
_LITTLE_ENDIAN = b'\0\1\0\0'
_NS_PER_S = 10**9


def is_stamped(wire: bytes) -> bool:
    """Say whether a message is long enough to begin with a stamp."""
    return len(wire) >= _STAMP_END


def stamp_of(wire: bytes) -> int:
    """Give the stamp of a message that begins with one, or with a std_msgs/Header, in nanoseconds.

    Raises:
        ValueError: It is too short.
    """
    seconds, nanoseconds = _layout(wire).unpack_from(wire, _STAMP_AT)
    return int(seconds) * _NS_PER_S + int(nanoseconds)


def stamp_wire(stamp_ns: int) -> bytes:
    """Serialize a message that is a stamp and nothing else, as rosgraph_msgs/Clock is."""
    return _LITTLE_ENDIAN + _STAMPS[1].pack(*divmod(stamp_ns, _NS_PER_S))


def restamped(wire: bytes, stamp_ns: int) -> bytes:
    """Give such a message another stamp.

    Raises:
        ValueError: It is too short, or there is no such stamp.
    """
    try:
        stamp = _layout(wire).pack(*divmod(stamp_ns, _NS_PER_S))
    except struct.error as error:
        raise ValueError(f'{stamp_ns} ns is no stamp: its seconds have 32 bits') from error
    # One copy, of what may be megabytes.
    return b''.join((memoryview(wire)[:_STAMP_AT], stamp, memoryview(wire)[_STAMP_END:]))


def _layout(wire: bytes) -> struct.Struct:
    if not is_stamped(wire):
        raise ValueError(f'a message of {len(wire)} bytes has no stamp')
    return _STAMPS[wire[_BYTE_ORDER_AT] & 1]
