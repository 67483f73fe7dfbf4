"""What is left of damaged recordings: all that is whole comes out, in order, with a warning for each kind of damage."""

import shutil
import sqlite3
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from backports import zstd
from rosbags.interfaces import ConnectionExtRosbag2
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.evaluate import evaluate_frames, read_frames
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC, Recording, make_bag
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, jpeg_message, label_message
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.source import Source
from sfnet_ros.bags.storage import compression
from sfnet_ros.bags.storage.mcap_chunks import RecordFile
from sfnet_ros.bags.storage.mcap_contents import from_all, from_index
from sfnet_ros.bags.tally import Tally
from sfnet_ros.bags.topics import choose_image_topic
from sfnet_ros.bags.write import Storing, new_bag
from sfnet_ros.runtime import Segmenter, to_rgb

from .whole_bags import FRAMES, grey, write_ros1, write_ros2

CHUNK = b'\x06'
SAMPLE = Path(__file__).parents[1] / 'data/camvid_0016E5/camvid_0016E5.mcap'


def frames_of(bag: Path, topic: str = IMAGE_TOPIC) -> tuple[list[int], list[str]]:
    """Give the numbers of the frames that come out, and what is said."""
    with Bag(bag) as opened:
        numbers = [round((message.stamp_ns - 10**9) / 10**8) for message in opened.messages(topic)]
        assert opened.count(topic) >= len(numbers)
        return numbers, opened.warnings


def harm(file: Path, how: Callable[[bytearray], bytes | bytearray]) -> None:
    file.write_bytes(how(bytearray(file.read_bytes())))


def chunks_of(data: bytes) -> list[int]:
    """Find the chunks of an MCAP file by walking its records."""
    found, at = [], 8
    while at < len(data) - 8:
        if data[at : at + 1] == CHUNK:
            found.append(at)
        at += 9 + struct.unpack_from('<Q', data, at + 1)[0]
    return found


@pytest.fixture
def mcap(tmp_path: Path) -> Path:
    return write_ros2(tmp_path / 'drive')


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    return write_ros2(tmp_path / 'drive', StoragePlugin.SQLITE3)


def test_an_mcap_file_without_its_end_gives_the_frames_before(mcap: Path) -> None:
    file = mcap / 'drive.mcap'
    sixth = chunks_of(file.read_bytes())[5]
    harm(file, lambda data: data[: sixth + 100])
    assert frames_of(mcap) == (
        [0, 1, 2, 3, 4],
        [f'files without their end, used as far as they go: 1 (it is cut off within what begins at byte {sixth})'],
    )
    with Bag(mcap) as bag:
        # Counted as they are, not as metadata.yaml has it.
        assert bag.count(IMAGE_TOPIC) == 5
        assert bag.span_ns == (10**9, 10**9 + 4 * 10**8 + 1)


def test_of_a_whole_file_the_index_is_read_and_not_all_of_it(mcap: Path) -> None:
    for path in (mcap / 'drive.mcap', SAMPLE):
        with path.open('rb') as opened:
            file = RecordFile(opened, path.stat().st_size)
            indexed, walked = from_index(file), from_all(file, Tally())
        assert (indexed.counts, indexed.span_ns) == (walked.counts, walked.span_ns)
        assert [chunk.record for chunk in indexed.chunks] == [chunk.record for chunk in walked.chunks]
        assert indexed.directory.connections == walked.directory.connections


def test_without_metadata_an_mcap_file_tells_the_quality_of_service_itself() -> None:
    with Bag(SAMPLE.parent) as folder, Bag(SAMPLE) as file:
        (expected, *_), (found, *_) = folder.connections, file.connections
    assert isinstance(expected.ext, ConnectionExtRosbag2)
    assert expected.ext.offered_qos_profiles
    assert found.ext == expected.ext


@pytest.mark.parametrize('has_index', [True, False])
def test_a_damaged_chunk_costs_its_frame(mcap: Path, has_index: bool) -> None:
    file = mcap / 'drive.mcap'
    third = chunks_of(file.read_bytes())[2]

    def damage(data: bytearray) -> bytearray:
        # Start, end, size and checksum of the chunk, its compression (none), its size again and its records.
        (size,) = struct.unpack_from('<Q', data, third + 9 + 16)
        struct.pack_into('<I', data, third + 9 + 24, crc32(data[third + 9 + 40 : third + 9 + 40 + size]))
        data[third + 200] ^= 1
        return data if has_index else data[:-37]

    harm(file, damage)
    numbers, warnings = frames_of(mcap)
    assert numbers == [0, 1, 3, 4, 5, 6, 7]
    assert warnings[0] == f'damaged parts, left out: 1 (a chunk is not what its checksum says at byte {third})'


def test_a_chunk_that_claims_more_than_there_is_is_not_believed(mcap: Path) -> None:
    file = mcap / 'drive.mcap'
    second = chunks_of(file.read_bytes())[1]

    def lie(data: bytearray) -> bytearray:
        # The size that it has when it is unpacked.
        struct.pack_into('<Q', data, second + 9 + 16, 2**62)
        return data

    harm(file, lie)
    numbers, warnings = frames_of(mcap)
    assert numbers == [0, 2, 3, 4, 5, 6, 7]
    assert 'a chunk of 4611686018427387904 bytes is more than the' in warnings[0]


def test_an_sqlite_file_without_its_end_gives_the_frames_before(sqlite: Path) -> None:
    file = sqlite / 'drive.db3'
    # The last page holds the last frame.
    harm(file, lambda data: data[:-4000])
    numbers, warnings = frames_of(sqlite)
    assert numbers == list(range(FRAMES - 1))
    assert warnings == ['damaged parts, left out: 1 (a row is none of a message behind row 19)']


def test_a_damaged_page_of_an_sqlite_file_costs_its_rows(sqlite: Path) -> None:
    file = sqlite / 'drive.db3'
    page = leaf_of(file, 'messages', 1)

    def blank(data: bytearray) -> bytearray:
        data[(page - 1) * 4096 : page * 4096] = bytes(4096)
        return data

    harm(file, blank)
    numbers, warnings = frames_of(sqlite)
    assert 0 < len(numbers) < FRAMES
    assert numbers[0] == 0
    assert numbers[-1] == FRAMES - 1
    assert warnings[0].startswith('damaged parts, left out: 1 (')


def leaf_of(file: Path, table: str, number: int) -> int:
    """Find a leaf page of a table in the order of its rows."""
    with sqlite3.connect(file) as database:
        query = 'SELECT pageno FROM dbstat WHERE name = ? AND pagetype = "leaf" ORDER BY path'
        try:
            return int(database.execute(query, (table,)).fetchall()[number][0])
        except sqlite3.OperationalError:
            return _child_of(
                file, database.execute('SELECT rootpage FROM sqlite_master WHERE name = ?', (table,)), number
            )


def _child_of(file: Path, root: sqlite3.Cursor, number: int) -> int:
    """Read a page number from the table's root, an interior page of the SQLite file format (section 1.6)."""
    data, start = file.read_bytes(), (root.fetchone()[0] - 1) * 4096
    assert data[start] == 5
    (cell,) = struct.unpack_from('>H', data, start + 12 + 2 * number)
    return int(struct.unpack_from('>I', data, start + cell)[0])


def split_bag(folder: Path) -> list[Path]:
    """Make a bag of twelve frames in as many files."""
    recording = Recording(rate=10, start_s=1, storing=Storing(split_mb=1e-6))
    make_bag(folder, [Frame(grey(20 * number)) for number in range(12)], None, recording)
    files = sorted(folder.glob('*.mcap'), key=lambda file: int(file.stem.rpartition('_')[2]))
    assert len(files) == 12
    return files


def test_without_metadata_the_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    split_bag(tmp_path / 'drive')
    (tmp_path / 'drive/metadata.yaml').unlink()
    assert frames_of(tmp_path / 'drive') == (
        list(range(12)),
        ['folders without metadata.yaml, read without it: 1 (drive)'],
    )


@pytest.mark.parametrize(
    'text', ['', 'rosbag2_bagfile_information: 7', '[' * 1100, 'a: &a [*a]', '\x00', 'rosbag2_bagfile_information: {}']
)
def test_metadata_that_is_none_is_passed_over(mcap: Path, text: str) -> None:
    (mcap / 'metadata.yaml').write_text(text)
    numbers, (warning,) = frames_of(mcap)
    assert numbers == list(range(FRAMES))
    assert warning.startswith('damaged metadata.yaml, passed over: 1 (')


def test_of_a_split_bag_a_lost_and_a_torn_file_cost_their_frames(tmp_path: Path) -> None:
    files = split_bag(tmp_path / 'drive')
    files[3].unlink()
    files[5].write_bytes(b'')
    assert frames_of(tmp_path / 'drive') == (
        [0, 1, 2, 4, *range(6, 12)],
        [
            f'files that metadata.yaml names and that are not there: 1 ({files[3].name})',
            f'unreadable files, left out: 1 ({files[5].name}: it does not begin as an MCAP file does)',
        ],
    )


def test_a_type_that_nobody_knows_on_another_topic_does_no_harm(mcap: Path) -> None:
    def rename(data: bytearray) -> bytes:
        return data.replace(b'geometry_msgs/msg/Twist', b'geometry_msgs/msg/Twirl').replace(
            b'Vector3', b'!?\x00\xff {;'
        )

    before = frames_of(mcap)[0]
    (mcap / 'metadata.yaml').unlink()
    for file in mcap.iterdir():
        harm(file, rename)
    assert frames_of(mcap)[0] == before
    with Bag(mcap) as bag:
        assert choose_image_topic(bag, None, LABEL_TOPIC) == IMAGE_TOPIC


@pytest.mark.parametrize('mode', [CompressionMode.MESSAGE, CompressionMode.STORAGE])
def test_a_compressed_bag_without_its_end_gives_the_frames_before(tmp_path: Path, mode: CompressionMode) -> None:
    bag = write_ros2(tmp_path / 'drive', StoragePlugin.MCAP, mode)
    fifth = chunks_of((bag / 'drive.mcap').read_bytes())[4]
    harm(bag / 'drive.mcap', lambda data: data[: fifth + 50])
    assert frames_of(bag)[0] == [0, 1, 2, 3]


def test_a_file_compressed_as_a_whole_is_read_as_far_as_it_goes(mcap: Path) -> None:
    data = (mcap / 'drive.mcap').read_bytes()
    fifth = chunks_of(data)[4]
    halves = zstd.compress(data[: fifth + 50]) + zstd.compress(data[fifth + 50 :])
    (mcap / 'metadata.yaml').unlink()
    (mcap / 'drive.mcap').unlink()
    (mcap / 'drive.mcap.zstd').write_bytes(halves)
    assert frames_of(mcap)[0] == list(range(FRAMES))
    (mcap / 'drive.mcap.zstd').write_bytes(halves[:-100])
    numbers, warnings = frames_of(mcap)
    assert numbers == [0, 1, 2, 3]
    assert any(warning.startswith('damaged compressed files, used as far as they go: 1') for warning in warnings)


def test_a_message_that_unpacks_to_more_than_any_frame_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = write_ros2(tmp_path / 'drive', StoragePlugin.SQLITE3, CompressionMode.MESSAGE)
    with sqlite3.connect(bag / 'drive.db3') as database:
        database.execute('UPDATE messages SET data = ? WHERE id = 4', (zstd.compress(bytes(2**22)),))
    monkeypatch.setattr(compression, '_MOST_BYTES', 2**20)
    numbers, (warning,) = frames_of(bag)
    assert numbers == [0, 2, 3, 4, 5, 6, 7]
    assert warning.startswith('damaged messages, left out: 1 (zstd data')


def test_a_bag_of_ros_1_comes_out_as_ros_2_would_have_recorded_it(tmp_path: Path, mcap: Path) -> None:
    with Bag(write_ros1(tmp_path / 'drive.bag')) as old, Bag(mcap) as new:
        assert [wire.data for wire in old.wires([IMAGE_TOPIC])] == [wire.data for wire in new.wires([IMAGE_TOPIC])]
        assert old.image_topics == new.image_topics
        assert to_rgb(next(old.messages(IMAGE_TOPIC)).message).shape == (24, 32, 3)


def test_a_bag_of_ros_1_without_its_index_is_a_sentence_that_says_how_to_mend_it(tmp_path: Path) -> None:
    file = write_ros1(tmp_path / 'drive.bag')
    harm(file, lambda data: data[: len(data) // 2])
    with pytest.raises(BagError, match=r'drive.bag cannot be read: .*\(`rosbag reindex` mends a bag'):
        Bag(file)


def test_other_files_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / 'drive.txt').write_text('')
    with pytest.raises(BagError, match=r'its name ends in none of \.mcap, \.db3, \.bag'):
        Bag(tmp_path / 'drive.txt')


def test_chunks_that_overlap_are_read_in_the_order_of_recording(mcap: Path) -> None:
    # Each frame and its labels are recorded at once, and lie in one chunk: the other topic begins the next one.
    with Bag(mcap) as bag:
        times = [at_ns for _, at_ns, _ in bag.everything()]
        assert times == sorted(times)
        assert len(times) == 3 * FRAMES
        within = [message.stamp_ns for message in bag.messages(IMAGE_TOPIC, 10**9 + 10**8, 10**9 + 3 * 10**8)]
    assert within == [10**9 + 10**8, 10**9 + 2 * 10**8]


def test_what_does_not_belong_together_is_counted(tmp_path: Path, small_model: Path) -> None:
    with new_bag(tmp_path / 'drive', {}) as writer:
        frames = {5: (24, 32), 6: (24, 32), 4: (48, 64), 7: (24, 32)}
        for stamp, hw in frames.items():
            writer.add(IMAGE_TOPIC, COMPRESSED_IMAGE, jpeg_message(grey(9, hw), 95, stamp, ''))
        writer.add(IMAGE_TOPIC, COMPRESSED_IMAGE, jpeg_message(grey(9), 95, 6, ''))
        for stamp in (4, 5, 8, 9):
            writer.add(LABEL_TOPIC, COMPRESSED_IMAGE, label_message(grey(0)[:, :, 0], stamp, ''))
    with Bag(tmp_path / 'drive') as bag:
        read = list(read_frames(bag, IMAGE_TOPIC, LABEL_TOPIC))
        assert [(frame.stamp_ns, frame.target is not None) for frame in read] == [
            (4, True), (5, True), (6, False), (6, False), (7, False),
        ]  # fmt: skip
        assert bag.warnings == [f'messages on {IMAGE_TOPIC} with the stamp of an earlier one: 1 (6 ns)']
    segmenter = Segmenter.from_model(small_model, backend='torch', precision='float32')
    source = Source.of(tmp_path / 'drive', IMAGE_TOPIC, LABEL_TOPIC)
    scores = evaluate_frames(source.path, source.topic, source.truth_topic, segmenter)
    assert Run.of(segmenter, [source], scores).scores.warnings == [
        '2 of 4 label maps of the ground truth were not used: no readable frame has their stamp, or they are damaged',
        f'{tmp_path / "drive"}: frames of several sizes: 4 of 24x32, 1 of 48x64',
    ]


def test_a_recording_without_a_frame_that_can_be_decoded_is_a_sentence(tmp_path: Path, small_model: Path) -> None:
    with new_bag(tmp_path / 'drive', {}) as writer:
        for stamp in range(3):
            frame = jpeg_message(grey(9), 95, stamp, '')
            writer.add(IMAGE_TOPIC, COMPRESSED_IMAGE, replace(frame, data=frame.data[:40]))
    segmenter = Segmenter.from_model(small_model, backend='torch', precision='float32')
    source = Source.of(tmp_path / 'drive', IMAGE_TOPIC, None)
    scores = evaluate_frames(source.path, source.topic, None, segmenter)
    with pytest.raises(ValueError, match=r'none of 3 frames can be decoded \(.*drive: a frame was left out: JPEG data'):
        Run.of(segmenter, [source], scores)


def test_ground_truth_of_other_classes_is_a_sentence_that_says_where(tmp_path: Path, small_model: Path) -> None:
    with new_bag(tmp_path / 'drive', {}) as writer:
        writer.add(IMAGE_TOPIC, COMPRESSED_IMAGE, jpeg_message(grey(9), 95, 7, ''))
        writer.add(LABEL_TOPIC, COMPRESSED_IMAGE, label_message(grey(11)[:, :, 0], 7, ''))
    segmenter = Segmenter.from_model(small_model, backend='torch', precision='float32')
    with pytest.raises(ValueError, match='drive: ground truth of 7 ns: train ids go up to 11; accepted are 0 to 10'):
        evaluate_frames(tmp_path / 'drive', IMAGE_TOPIC, LABEL_TOPIC, segmenter)


def test_the_same_is_said_once(mcap: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copy(mcap / 'drive.mcap', mcap / 'whole')
    harm(mcap / 'drive.mcap', lambda data: data[: len(data) // 2])
    with Bag(mcap) as bag:
        for _ in range(3):
            list(bag.messages(IMAGE_TOPIC))
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith(f'bag {mcap}: files without their end')
