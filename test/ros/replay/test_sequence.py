from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, TYPES, jpeg_message
from sfnet_ros.bags.read import Bag
from sfnet_ros.ros.replay.sequence import Cue, FrameCue, Sequence, Stamps
from sfnet_ros.ros.replay.stamping import restamped, stamp_of

CAMERA, INFO, CLOCK = '/camera/image_raw/compressed', '/camera/camera_info', '/clock'
CLOCK_TYPE = 'rosgraph_msgs/msg/Clock'
GREY = np.full((4, 6, 3), 128, np.uint8)
S = 1_000_000_000


@dataclass(frozen=True)
class Recorded:
    """Say when a message was recorded, and the stamp or the time that it holds, in seconds."""

    topic: str
    at_s: int
    stamp_s: int


def write(folder: Path, storage: StoragePlugin, *entries: Recorded) -> Path:
    """Write a bag of frames and of clocks."""
    connections = {}
    with Writer(folder, version=9, storage_plugin=storage) as writer:
        for entry in entries:
            kind = CLOCK_TYPE if entry.topic == CLOCK else COMPRESSED_IMAGE
            if entry.topic not in connections:
                connections[entry.topic] = writer.add_connection(entry.topic, kind, typestore=TYPES)
            message = jpeg_message(GREY, 90, entry.stamp_s * S, 'camera')
            if kind == CLOCK_TYPE:
                message = TYPES.types[CLOCK_TYPE](message.header.stamp)
            writer.write(connections[entry.topic], entry.at_s * S, TYPES.serialize_cdr(message, kind))
    return folder


def cues(folder: Path, info: str | None = None, clock: str | None = None, loops: int = 1) -> list[Cue]:
    with Bag(folder) as bag:
        return list(Sequence(bag, CAMERA, info, clock, loops))


def seconds(cues: list[Cue]) -> list[tuple[str, float, float]]:
    """Give topic, time and stamp of messages."""
    return [(cue.topic, cue.due_ns / S, stamp_of(cue.data) / S) for cue in cues]


def test_loops_are_a_recording_and_an_interval_apart_and_the_first_is_as_recorded(tmp_path: Path) -> None:
    folder = write(tmp_path / 'bag', StoragePlugin.MCAP, *(Recorded(CAMERA, 100 + i, 50 + i) for i in range(3)))
    played = cues(folder, loops=3)
    assert seconds(played) == [(CAMERA, 100 + i, 50 + i) for i in range(9)]
    assert [(cue.loop, cue.index) for cue in played if isinstance(cue, FrameCue)] == [
        (loop, index) for loop in range(3) for index in range(3)
    ]
    with Bag(folder) as bag:
        assert [cue.data for cue in played[:3]] == [message.data for message in bag.messages(CAMERA)]
    # Nothing but the stamp has changed.
    assert restamped(played[4].data, 51 * S) == played[1].data


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_what_belongs_to_a_frame_comes_before_it(storage: StoragePlugin, tmp_path: Path) -> None:
    entries = [Recorded(topic, at_s, at_s) for at_s in (1, 2) for topic in (CAMERA, INFO)]
    folder = write(tmp_path / 'bag', storage, *entries, Recorded('/rear/image_raw/compressed', 1, 1))
    expected = [(topic, at_s, at_s) for at_s in (1, 2, 3, 4) for topic in (INFO, CAMERA)]
    assert seconds(cues(folder, info=INFO, loops=2)) == expected


def test_stamps_are_unique_where_the_recording_repeats_them_or_goes_back(tmp_path: Path) -> None:
    folder = write(tmp_path / 'bag', StoragePlugin.MCAP, *(Recorded(CAMERA, i, s) for i, s in enumerate((7, 7, 5, 7))))
    stamps = [cue.stamp_ns for cue in cues(folder, loops=2) if isinstance(cue, FrameCue)]
    assert stamps[:4] == [7 * S, 7 * S + 1, 5 * S, 7 * S + 2]
    assert stamps[4:] == [stamp + 4 * S for stamp in stamps[:4]]
    assert len(set(stamps)) == 8


def test_ten_thousand_equal_stamps_take_no_longer_than_others() -> None:
    stamps = Stamps()
    assert [stamps.take(0) for _ in range(10_000)] == list(range(10_000))
    assert [stamps.take(5), stamps.take(20_000)] == [10_000, 20_000]


def test_the_recordings_own_clock_tells_the_age_of_frames_and_never_goes_back(tmp_path: Path) -> None:
    entries = [
        *(Recorded(CLOCK, 1000, 10), Recorded(CAMERA, 1000, 9)),
        # A simulation that was set back.
        *(Recorded(CLOCK, 1001, 4), Recorded(CAMERA, 1001, 4)),
        *(Recorded(CLOCK, 1002, 12), Recorded(CAMERA, 1002, 12)),
    ]
    played = cues(write(tmp_path / 'bag', StoragePlugin.MCAP, *entries), clock=CLOCK, loops=2)
    clock = [stamp_of(cue.data) / S for cue in played if cue.topic == CLOCK]
    assert clock == sorted(clock)
    assert clock[:2] == [10, 12]
    ages = [cue.age_ns / S for cue in played if isinstance(cue, FrameCue)]
    assert ages == [1, 0, 0] * 2


def test_without_a_clock_the_age_is_by_the_time_of_the_recording(tmp_path: Path) -> None:
    (frame,) = cues(write(tmp_path / 'bag', StoragePlugin.MCAP, Recorded(CAMERA, 12, 10)))
    assert isinstance(frame, FrameCue)
    assert frame.age_ns == 2 * S


def test_a_single_frame_can_be_played_again(tmp_path: Path) -> None:
    folder = write(tmp_path / 'bag', StoragePlugin.MCAP, Recorded(CAMERA, 1, 1))
    assert [round(at_s, 3) for _, at_s, _ in seconds(cues(folder, loops=3))] == [1.0, 1.1, 1.2]


@pytest.mark.parametrize('order', ['<', '>'])
def test_stamps_are_changed_in_the_byte_order_of_the_message(order: str) -> None:
    wire = bytes([0, order == '<', 0, 0]) + struct.pack(f'{order}iI', 3, 4) + b'camera'
    assert stamp_of(wire) == 3 * S + 4
    changed = restamped(wire, 5 * S + 6)
    assert changed == wire[:4] + struct.pack(f'{order}iI', 5, 6) + b'camera'


@pytest.mark.parametrize(
    ('wire', 'stamp_ns', 'sentence'),
    [(b'\0\1\0\0abc', 0, 'a message of 7 bytes has no stamp'), (bytes(12), 2**31 * S, 'is no stamp')],
)
def test_no_stamp_is_a_sentence(wire: bytes, stamp_ns: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        restamped(wire, stamp_ns)
