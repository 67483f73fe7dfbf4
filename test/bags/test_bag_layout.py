"""What is written is what `ros2 bag` reads: metadata.yaml of version 8, and files that others read too."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rosbags.highlevel import AnyReader

from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.make import Recording, make_bag
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.write import Storing
from sfnet_ros.labels import LabelSpace

FRAMES, RATE = 6, 10.0
SUFFIX = {'mcap': '.mcap', 'sqlite3': '.db3'}
KINDS = [
    (storage, codec, split_mb) for storage in SUFFIX for codec in ('jpeg', 'raw') for split_mb in (None, 0.02, 1000)
]


def frames() -> list[Frame]:
    random = np.random.default_rng(0)
    return [
        Frame(random.integers(0, 256, (48, 64, 3), np.uint8), random.integers(0, 11, (48, 64), np.uint8))
        for i in range(FRAMES)
    ]


def make(folder: Path, storage: str, codec: str, split_mb: float | None) -> dict[str, Any]:
    recording = Recording(rate=RATE, codec=codec, start_s=100, storing=Storing(storage, split_mb))
    make_bag(folder, frames(), LabelSpace.load('camvid'), recording)
    document = yaml.safe_load((folder / 'metadata.yaml').read_text())
    assert document.keys() == {'rosbag2_bagfile_information'}
    return dict(document['rosbag2_bagfile_information'])


@pytest.mark.parametrize(('storage', 'codec', 'split_mb'), KINDS)
def test_metadata_tells_what_the_files_hold(tmp_path: Path, storage: str, codec: str, split_mb: float | None) -> None:
    bag = tmp_path / 'drive'
    metadata = make(bag, storage, codec, split_mb)
    names = metadata['relative_file_paths']
    assert (metadata['version'], metadata['storage_identifier']) == (8, storage)
    assert (metadata['compression_format'], metadata['compression_mode']) == ('', '')
    assert metadata['custom_data'] == {'label_space': 'camvid'}
    assert metadata['starting_time'] == {'nanoseconds_since_epoch': 100 * 10**9}
    assert metadata['duration'] == {'nanoseconds': round((FRAMES - 1) / RATE * 1e9)}
    assert metadata['message_count'] == 2 * FRAMES
    assert sorted(path.name for path in bag.iterdir()) == sorted([*names, 'metadata.yaml'])
    assert names == (
        [f'drive{SUFFIX[storage]}'] if split_mb is None else [f'drive_{i}{SUFFIX[storage]}' for i in range(len(names))]
    )
    assert (len(names) > 1) == (split_mb == 0.02)
    for topic in metadata['topics_with_message_count']:
        assert topic['message_count'] == FRAMES
        told = topic['topic_metadata']
        assert (told['serialization_format'], told['type_description_hash'][:7]) == ('cdr', 'RIHS01_')
        # To Humble and Iron a string of YAML, with numbers: reliable, volatile, the last ten.
        (profile,) = yaml.safe_load(told['offered_qos_profiles'])
        assert (profile['history'], profile['depth'], profile['reliability'], profile['durability']) == (1, 10, 1, 2)


@pytest.mark.parametrize(('storage', 'codec', 'split_mb'), KINDS)
def test_every_file_is_told_of_as_it_is(tmp_path: Path, storage: str, codec: str, split_mb: float | None) -> None:
    metadata = make(tmp_path / 'drive', storage, codec, split_mb)
    assert [file['path'] for file in metadata['files']] == metadata['relative_file_paths']
    for file in metadata['files']:
        # Each is a recording of its own, too.
        with Bag(tmp_path / 'drive' / file['path']) as part:
            start_ns, stop_ns = part.span_ns
            assert sum(1 for _ in part.everything()) == file['message_count'] > 0
        assert file['starting_time'] == {'nanoseconds_since_epoch': start_ns}
        assert file['duration'] == {'nanoseconds': stop_ns - 1 - start_ns}
    assert sum(file['message_count'] for file in metadata['files']) == metadata['message_count']


@pytest.mark.parametrize(('storage', 'codec', 'split_mb'), KINDS)
def test_another_reader_reads_the_same(tmp_path: Path, storage: str, codec: str, split_mb: float | None) -> None:
    make(tmp_path / 'drive', storage, codec, split_mb)
    with AnyReader([tmp_path / 'drive']) as reader:
        theirs = [(connection.topic, at_ns, bytes(data)) for connection, at_ns, data in reader.messages()]
        assert {connection.ext.offered_qos_profiles[0].depth for connection in reader.connections} == {10}
    with Bag(tmp_path / 'drive') as bag:
        assert [(connection.topic, at_ns, data) for connection, at_ns, data in bag.everything()] == theirs
        assert bag.span_ns == (100 * 10**9, 100 * 10**9 + 500_000_001)
        assert bag.warnings == []
    assert len(theirs) == 2 * FRAMES


def test_a_split_bag_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def failing():  # type: ignore[no-untyped-def]
        yield from frames()
        raise ValueError('a frame is damaged')

    with pytest.raises(ValueError, match='a frame is damaged'):
        make_bag(tmp_path / 'drive', failing(), None, Recording(storing=Storing(split_mb=0.02)))
    assert list(tmp_path.iterdir()) == []
