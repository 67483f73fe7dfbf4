"""Whether shared memory has room for large images; imports nothing but the standard library."""

from __future__ import annotations

import os

FOLDER = '/dev/shm'

_MB = 1 << 20
# Profiles by the room that they take in each process: their segment, a tenth more and the queues, as measured.
_PROFILES = {'config/fastdds.xml': 72 * _MB, 'config/fastdds_small.xml': 20 * _MB}
_LARGEST_MB = max(_PROFILES.values()) // _MB


def check() -> str | None:
    """Say in one sentence that shared memory is too small and what to do; None where it is not."""
    free_bytes = _free_bytes()
    if free_bytes >= _LARGEST_MB * _MB:
        return None
    instead = 'going on with less, which takes frames up to 1080p' if fitting_profile() else 'large frames will be lost'
    return (
        f'{FOLDER} has {free_bytes // _MB} MB free and large images want {_LARGEST_MB} MB of it in every process: '
        f'{instead}; start the container with --shm-size=1g or --ipc=host'
    )


def fitting_profile() -> str | None:
    """Name the profile of Fast DDS, among our shared files, that there is room for; None is to go without."""
    free_bytes = _free_bytes()
    return next((profile for profile, room_bytes in _PROFILES.items() if room_bytes <= free_bytes), None)


def _free_bytes() -> int:
    try:
        found = os.statvfs(FOLDER)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize
