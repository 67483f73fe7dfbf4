"""What the writer noted is in the files too, and is read there where metadata.yaml is lost or is not beside them."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.source import Source
from sfnet_ros.bags.storage.metadata import MOST_BYTES

from .whole_bags import write_ros1, write_ros2

NOTES = {'label_space': 'camvid'}
METADATA, DATA_END = 0x0C, 0x0F
# As rosbag2 writes it of a recording that nobody noted anything of.
WITHOUT_NOTES = 'version: 8\nstorage_identifier: mcap\nrelative_file_paths:\n  - ""\nmessage_count: 0\n'


def notes_of(bag: Path) -> tuple[dict[str, str], list[str]]:
    """Give what was noted, and what is said."""
    with Bag(bag) as opened:
        return opened.notes, opened.warnings


def record_at(data: bytes, op: int) -> int:
    """Find the first record of a kind in an MCAP file."""
    at = 8
    while data[at] != op:
        at += 9 + struct.unpack_from('<Q', data, at + 1)[0]
    return at


def metadata_record(text: str, name: str = 'rosbag2') -> bytes:
    def string(value: str) -> bytes:
        return struct.pack('<I', len(value)) + value.encode()

    pairs = string('serialized_metadata') + string(text)
    content = string(name) + struct.pack('<I', len(pairs)) + pairs
    return struct.pack('<BQ', METADATA, len(content)) + content


@pytest.fixture
def mcap(tmp_path: Path) -> Path:
    return write_ros2(tmp_path / 'drive') / 'drive.mcap'


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    return write_ros2(tmp_path / 'drive', StoragePlugin.SQLITE3) / 'drive.db3'


@pytest.mark.parametrize(
    ('plugin', 'mode'),
    [
        (StoragePlugin.MCAP, CompressionMode.NONE),
        (StoragePlugin.MCAP, CompressionMode.MESSAGE),
        (StoragePlugin.MCAP, CompressionMode.FILE),
        (StoragePlugin.SQLITE3, CompressionMode.NONE),
        (StoragePlugin.SQLITE3, CompressionMode.FILE),
    ],
)
def test_a_file_alone_names_its_ground_truth(tmp_path: Path, plugin: StoragePlugin, mode: CompressionMode) -> None:
    folder = write_ros2(tmp_path / 'drive', plugin, mode)
    (file,) = folder.glob('drive.*')
    source = Source.of(file.rename(tmp_path / file.name), None, None)
    assert (source.truth_topic, source.truth_space) == (LABEL_TOPIC, 'camvid')


def test_every_file_of_a_bag_in_several_tells_of_it_and_so_do_all_without_metadata(tmp_path: Path) -> None:
    parts = [write_ros2(tmp_path / f'drive_{number}', frames=range(4 * number, 4 * number + 4)) for number in range(2)]
    folder = tmp_path / 'drive'
    folder.mkdir()
    first, second = ((part / f'{part.name}.mcap').rename(folder / f'{part.name}.mcap') for part in parts)
    told = ['folders without metadata.yaml, read without it: 1 (drive)']
    assert [notes_of(first), notes_of(second), notes_of(folder)] == [(NOTES, []), (NOTES, []), (NOTES, told)]
    # The last may lack its end, and with it the notes.
    second.write_bytes(second.read_bytes()[: record_at(second.read_bytes(), METADATA)])
    assert [notes_of(second)[0], notes_of(folder)[0]] == [{}, NOTES]


def test_metadata_beside_a_file_holds_over_that_within(mcap: Path) -> None:
    beside = mcap.parent / 'metadata.yaml'
    beside.write_text(beside.read_text().replace('camvid', 'cityscapes'))
    assert notes_of(mcap.parent)[0] == {'label_space': 'cityscapes'}
    assert notes_of(mcap)[0] == NOTES


@pytest.mark.parametrize('name', ['rosbag2', 'another'])
def test_without_an_index_the_notes_are_found_and_the_last_hold(mcap: Path, name: str) -> None:
    data = mcap.read_bytes()
    end = record_at(data, DATA_END)
    later = metadata_record('custom_data: {label_space: "19", by: me}', name)
    mcap.write_bytes(data[:end] + later + data[end : end + 13])
    assert notes_of(mcap) == ({'label_space': '19', 'by': 'me'} if name == 'rosbag2' else NOTES, [])


@pytest.mark.parametrize(
    'text',
    [
        '',
        WITHOUT_NOTES,
        WITHOUT_NOTES + 'custom_data: {}\n',
        'custom_data: 7',
        'custom_data: [a]',
        '[' * 1100,
        'a: &a [*a]\ncustom_data: {label_space: *a}',
        'custom_data: !!python/name:os.system x',
        '\x00',
        f'custom_data: {{label_space: camvid}}\n#{"x" * MOST_BYTES}',
    ],
    ids=['empty', 'none', 'no_pairs', 'number', 'list', 'deep', 'endless', 'code', 'no_text', 'too_long'],
)
def test_metadata_without_notes_or_that_is_none_is_passed_over(tmp_path: Path, text: str) -> None:
    mcap = write_ros2(tmp_path / 'one') / 'one.mcap'
    sqlite = write_ros2(tmp_path / 'two', StoragePlugin.SQLITE3) / 'two.db3'
    data = mcap.read_bytes()
    at, end = record_at(data, METADATA), record_at(data, DATA_END)
    mcap.write_bytes(data[:at] + metadata_record(text) + data[end : end + 13])
    with closing(sqlite3.connect(sqlite)) as database, database:
        database.execute('UPDATE metadata SET metadata = ?', (text,))
    for file in (mcap, sqlite):
        assert notes_of(file) == ({}, [])
        source = Source.of(file, IMAGE_TOPIC, None)
        assert (source.frames, source.truth_topic) == (8, None)


def test_a_damaged_record_costs_the_notes_alone(mcap: Path) -> None:
    data = bytearray(mcap.read_bytes())
    # How long the map in it is.
    at = record_at(data, METADATA) + 9 + 4 + len('rosbag2')
    data[at : at + 4] = b'\xff' * 4
    mcap.write_bytes(data)
    assert notes_of(mcap) == ({}, [])
    mcap.write_bytes(data[: record_at(data, DATA_END) + 13])
    notes, (warning,) = notes_of(mcap)
    assert notes == {}
    assert warning.startswith('damaged parts, left out: 1 (a record has ')


@pytest.mark.parametrize(
    'change',
    [
        'DROP TABLE metadata',
        'DELETE FROM metadata',
        "UPDATE metadata SET metadata = x'ff00'",
        'ALTER TABLE metadata RENAME COLUMN metadata TO other',
        'ALTER TABLE metadata RENAME TO kept; CREATE VIEW metadata AS SELECT * FROM kept',
    ],
)
def test_an_sqlite_file_without_the_table_or_with_another_has_no_notes(sqlite: Path, change: str) -> None:
    with closing(sqlite3.connect(sqlite)) as database, database:
        database.executescript(change)
    assert notes_of(sqlite) == ({}, [])


def test_of_several_rows_in_an_sqlite_file_the_last_holds(sqlite: Path) -> None:
    with closing(sqlite3.connect(sqlite)) as database, database:
        database.execute("INSERT INTO metadata VALUES (7, 8, 'custom_data: {label_space: cityscapes}')")
    assert notes_of(sqlite) == ({'label_space': 'cityscapes'}, [])


def test_a_bag_of_ros_1_has_none(tmp_path: Path) -> None:
    assert notes_of(write_ros1(tmp_path / 'drive.bag')) == ({}, [])
