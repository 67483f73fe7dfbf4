"""Bags of every kind come out as one file with all messages as they were: split, compressed, or of ROS 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from sfnet_ros.bags.join import join_parts
from sfnet_ros.bags.label import assemble as assembling
from sfnet_ros.bags.label.work_folder import WorkFolder
from sfnet_ros.bags.messages import TYPES
from sfnet_ros.cli import main

from ..whole_bags import FRAMES, make_whole_bags, messages, write_ros2
from .test_killed import arguments, digests, run_and_be_killed
from .test_label import ADDED, entries

Entry = tuple[str, str, int, bytes]


def told(bag: Path) -> list[Entry]:
    """Give topic, type, time and bytes of all messages but those that were added."""
    with AnyReader([bag]) as reader:
        return [
            (item.topic, item.msgtype, at_ns, bytes(data))
            for item, at_ns, data in reader.messages()
            if item.topic not in ADDED
        ]


def written(topics: tuple[str, ...] = ()) -> list[Entry]:
    return [
        (topic, kind, at_ns, bytes(TYPES.serialize_cdr(message, kind)))
        for topic, kind, at_ns, message in messages()
        if not topics or topic in topics
    ]


@pytest.fixture(scope='module')
def whole_bags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_whole_bags(tmp_path_factory.mktemp('whole'))


def split(folder: Path, plugin: StoragePlugin, mode: CompressionMode) -> Path:
    """Write the same in three files."""
    names = [f'{folder.name}_{number}' for number in range(3)]
    ranges = [range(3), range(3, 4), range(4, FRAMES)]
    workshop = folder.with_name('parts')
    parts = [write_ros2(workshop / name, plugin, mode, part) for name, part in zip(names, ranges, strict=True)]
    join_parts(parts, folder)
    return folder


@pytest.mark.parametrize(
    'kind', ['mcap_storage', 'mcap_message', 'mcap_file', 'sqlite3_message', 'sqlite3_file', 'ros1', 'ros1_bz2']
)
def test_messages_of_compressed_bags_and_of_ros_1_are_all_there_as_they_were(
    kind: str, whole_bags: dict[str, Path], small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'labelled'
    assert main(arguments(whole_bags[kind], out, small_model)) == 0
    converted = ', all messages converted from ROS 1 to ROS 2' if kind.startswith('ros1') else ''
    assert f'{out}: {FRAMES} of {FRAMES} frames labelled{converted}\n' in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == [
        'labelled.db3' if kind.startswith('sqlite3') else 'labelled.mcap',
        'metadata.yaml',
    ]
    assert told(out) == written()
    assert len(entries(out)) == len(written()) + FRAMES * len(ADDED)


@pytest.mark.parametrize(
    ('plugin', 'mode', 'owner', 'name', 'call'),
    [
        (StoragePlugin.MCAP, CompressionMode.NONE, WorkFolder, 'put', 3),
        (StoragePlugin.SQLITE3, CompressionMode.MESSAGE, assembling, 'new_copy', 1),
        (StoragePlugin.MCAP, CompressionMode.FILE, WorkFolder, 'put', 2),
    ],
)
def test_a_split_bag_is_whole_again_and_so_it_is_after_a_kill(
    plugin: StoragePlugin,
    mode: CompressionMode,
    owner: object,
    name: str,
    call: int,
    small_model: Path,
    tmp_path: Path,
) -> None:
    bag = split(tmp_path / 'drive', plugin, mode)
    assert main(arguments(bag, tmp_path / 'calm' / 'labelled', small_model)) == 0
    assert told(tmp_path / 'calm' / 'labelled') == written()
    out = tmp_path / 'labelled'
    run_and_be_killed(arguments(bag, out, small_model), owner, name, call)
    assert not out.exists()
    assert main(arguments(bag, out, small_model)) == 0
    assert digests(out) == digests(tmp_path / 'calm' / 'labelled')


def test_types_of_ros_1_come_along_with_their_definitions_unless_ros_2_has_them_otherwise(
    whole_bags: dict[str, Path], small_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bag = tmp_path / 'drive.bag'
    own = 'Header header\nfloat32[2] Speed\n' + 80 * '=' + '\nMSG: std_msgs/Header\nuint32 seq\ntime stamp\n'
    own += 'string frame_id\n'
    header = np.array([7, 12, 34, 0], '<u4').tobytes()
    speed = np.array([1.5, -2.0], '<f4').tobytes()
    with Writer1(bag) as writer, AnyReader([whole_bags['ros1']]) as reader:
        for item, at_ns, data in reader.messages():
            known = [connection for connection in writer.connections if connection.topic == item.topic]
            same = (
                known[0]
                if known
                else writer.add_connection(item.topic, item.msgtype, msgdef=item.msgdef.data, md5sum=item.digest)
            )
            writer.write(same, at_ns, data)
        end_ns = at_ns + 1
        speeds = writer.add_connection('/speed', 'my_msgs/msg/Speed', msgdef=own, md5sum='0' * 32)
        writer.write(speeds, end_ns, header + speed)
        other = writer.add_connection('/twist', 'geometry_msgs/msg/Quaternion', msgdef='float32 w\n', md5sum='1' * 32)
        writer.write(other, end_ns, speed[:4])
    assert main(arguments(bag, tmp_path / 'labelled', small_model)) == 0
    # Encapsulation, stamp, an empty string with its end, and padding; no sequence number.
    speed_now = b'\0\1\0\0' + header[4:12] + b'\1\0\0\0\0\0\0\0' + speed
    assert told(tmp_path / 'labelled') == [*written(), ('/speed', 'my_msgs/msg/Speed', end_ns, speed_now)]
    with AnyReader([tmp_path / 'labelled']) as reader:
        (item,) = [item for item in reader.connections if item.topic == '/speed']
        message = reader.deserialize(speed_now, 'my_msgs/msg/Speed')
    assert 'float32[2] Speed' in item.msgdef.data
    assert 'seq' not in item.msgdef.data
    assert message.Speed.tolist() == [1.5, -2.0]
    sentence = (
        'topics that ROS 2 has no messages for, left out: 1 (/twist: geometry_msgs/msg/Quaternion has other fields'
    )
    assert sentence in caplog.text
