"""Ways to harm recordings, as power cuts, full disks and bit rot do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

# Numbers that lengths and offsets are damaged to.
_LIES = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 2**40, 2**63 - 1, 2**64 - 1)


def harm(whole: Path, harmed: Path, random: Random) -> str:
    """Copy a bag and harm the copy.

    Returns:
        What was done to it.
    """
    if whole.is_dir():
        shutil.copytree(whole, harmed)
    else:
        shutil.copyfile(whole, harmed)
    files = sorted(harmed.iterdir()) if harmed.is_dir() else [harmed]
    # The data is harmed more often than metadata.yaml, which is the last by name.
    file = random.choice([files[0], files[0], *files])
    how = random.choice(HARMS)
    data = file.read_bytes()
    file.write_bytes(how(data, random))
    return f'{how.__name__} of {file.name}, {len(data)} bytes'


def cut(data: bytes, random: Random) -> bytes:
    """End early, as where the power went."""
    return data[: random.randrange(len(data))]


def flip(data: bytes, random: Random) -> bytes:
    """Change a few bits, mostly where the format's own bytes are."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 30))):
        changed[_somewhere(data, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def lie(data: bytes, random: Random) -> bytes:
    """Write a number that is none of a length or an offset."""
    at, size = _somewhere(data, random), random.choice((4, 8))
    return data[:at] + (random.choice(_LIES) % 2 ** (8 * size)).to_bytes(size, 'little') + data[at + size :]


def blank(data: bytes, random: Random) -> bytes:
    """Lose a run of bytes to zeros, as a file system does that comes back."""
    at = _somewhere(data, random)
    length = min(random.choice((16, 512, 4096)), len(data) - at)
    return data[:at] + bytes(length) + data[at + length :]


def drop(data: bytes, random: Random) -> bytes:
    """Lose a run of bytes altogether."""
    at = _somewhere(data, random)
    return data[:at] + data[at + random.choice((1, 7, 512, 4096)) :]


def repeat(data: bytes, random: Random) -> bytes:
    """Have a run of bytes twice."""
    at = _somewhere(data, random)
    return data[: at + random.choice((1, 64, 4096))] + data[at:]


def noise(data: bytes, random: Random) -> bytes:
    """Be something else from somewhere on."""
    at = _somewhere(data, random)
    return data[:at] + random.randbytes(len(data) - at)


HARMS: tuple[Callable[[bytes, Random], bytes], ...] = (cut, cut, flip, flip, lie, lie, blank, drop, repeat, noise)


def _somewhere(data: bytes, random: Random) -> int:
    """Choose a byte: one of a head or an index, which lie at the ends, as often as any other."""
    edge = min(len(data), 1024)
    return random.choice(
        (random.randrange(len(data)), random.randrange(edge), len(data) - 1 - random.randrange(edge)),
    )
