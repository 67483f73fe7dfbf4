"""Room in shared memory, on file systems that have some and that have none."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from sfnet_ros.ros import shared_memory
from sfnet_ros.share import find_shared

# File systems of the kernel itself hold no files of others.
WITHOUT_ROOM = '/proc'


def test_where_there_is_room_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # On a disk.
    monkeypatch.setattr(shared_memory, 'FOLDER', str(tmp_path))
    assert shared_memory.check() is None
    assert shared_memory.fitting_profile() == 'config/fastdds.xml'


@pytest.mark.parametrize('folder', [WITHOUT_ROOM, '/nowhere'])
def test_without_room_the_sentence_names_both_ways_out(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setattr(shared_memory, 'FOLDER', folder)
    assert shared_memory.fitting_profile() is None
    assert shared_memory.check() == (
        f'{folder} has 0 MB free and large images want 72 MB of it in every process: large frames will be lost; '
        'start the container with --shm-size=1g or --ipc=host'
    )


def segment_bytes(profile: str) -> int:
    elements = ElementTree.parse(find_shared(profile)).iter()
    (size,) = (element.text for element in elements if element.tag.endswith('segment_size'))
    return int(size)


def test_every_profile_fits_into_the_room_that_it_is_said_to_take() -> None:
    rooms = list(shared_memory._PROFILES.items())
    assert rooms == sorted(rooms, key=lambda item: -item[1])
    for profile, room_bytes in rooms:
        assert 1.1 * segment_bytes(profile) < room_bytes < 1.3 * segment_bytes(profile)


def test_profiles_differ_in_the_size_of_the_segment_alone() -> None:
    large, small = (
        ElementTree.canonicalize(from_file=str(find_shared(profile))).replace(str(segment_bytes(profile)), 'SIZE')
        for profile in shared_memory._PROFILES
    )
    assert large == small
