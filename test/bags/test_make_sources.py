"""Drives as data sets and teams have them on disk, made into bags by command."""

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.camera import CAMERA_INFO
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC
from sfnet_ros.bags.messages import TYPES, to_label_map
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.topics import choose_truth_topic
from sfnet_ros.cli import main
from sfnet_ros.runtime import to_rgb

HW = (32, 64)
# Of Cityscapes: road, unlabelled, car, licence plate.
LABEL_IDS = np.array([[7, 0], [26, 255]], np.uint8).repeat(HW[0] // 2, 0).repeat(HW[1] // 2, 1)
INTRINSIC = {'fx': 2262.52, 'fy': 2265.3017905988554, 'u0': 1096.98, 'v0': 513.137}
CAMERA_YAML = """
image_width: 128
image_height: 64
camera_name: front
camera_matrix: {rows: 3, cols: 3, data: [100.0, 0.0, 63.5, 0.0, 100.0, 31.5, 0.0, 0.0, 1.0]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [-0.2, 0.05, 0.001, 0.002, 0.0]}
rectification_matrix: {rows: 3, cols: 3, data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]}
projection_matrix: {rows: 3, cols: 4, data: [90.0, 0.0, 63.5, 0.0, 0.0, 90.0, 31.5, 0.0, 0.0, 0.0, 1.0, 0.0]}
"""


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return path


def grey(value: int, hw: tuple[int, int] = HW) -> np.ndarray:
    return np.full((*hw, 3), value, np.uint8)


@pytest.fixture
def cityscapes(tmp_path: Path) -> Path:
    """Lay out two sequences of one city and one of another as the archives do: frame 19 of each is labelled."""
    root = tmp_path / 'cityscapes'
    for city, sequence in (('frankfurt', 0), ('frankfurt', 1), ('lindau', 0)):
        for frame in (18, 19, 20):
            name = f'{city}_{sequence:06}_{frame:06}'
            save(root / 'leftImg8bit_sequence/val' / city / f'{name}_leftImg8bit.png', grey(10 * frame))
        name = f'{city}_{sequence:06}_000019'
        save(root / 'leftImg8bit/val' / city / f'{name}_leftImg8bit.png', grey(190))
        save(root / 'gtFine/val' / city / f'{name}_gtFine_labelIds.png', LABEL_IDS)
        camera = root / 'camera/val' / city / f'{name}_camera.json'
        camera.parent.mkdir(parents=True, exist_ok=True)
        camera.write_text(json.dumps({'extrinsic': {'baseline': 0.2}, 'intrinsic': INTRINSIC}))
    return root


def make(out: Path, *arguments: str | Path) -> int:
    return main(['bag', 'make', '--out', str(out), *map(str, arguments)])


def infos(bag: Bag, topic: str = '/camera/camera_info') -> list[Any]:
    return [TYPES.deserialize_cdr(wire.data, CAMERA_INFO) for wire in bag.wires([topic])]


def test_a_sequence_of_cityscapes_has_its_labelled_frame_and_its_calibration(
    cityscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'bag'
    arguments = ('--cityscapes', cityscapes, '--city', 'frankfurt', '--sequence', '1', '--codec', 'png')
    assert make(out, *arguments) == 0
    assert f'{out}: 3 frames at 17 Hz, 1 with labels, 3 with calibration' in capsys.readouterr().out
    with Bag(out) as bag:
        frames = list(bag.messages(IMAGE_TOPIC))
        (label,) = bag.messages(LABEL_TOPIC)
        calibrations = infos(bag)
        assert bag.notes == {'label_space': 'cityscapes'}
    assert [int(to_rgb(frame.message)[0, 0, 0]) for frame in frames] == [180, 190, 200]
    assert label.stamp_ns == frames[1].stamp_ns == frames[0].stamp_ns + round(1e9 / 17)
    # Road and car by their train ids; unlabelled and licence plate are neither.
    np.testing.assert_array_equal(to_label_map(label.message)[[0, 0, -1, -1], [0, -1, 0, -1]], [0, 255, 13, 255])
    assert [info.header.stamp.nanosec for info in calibrations] == [frame.stamp_ns % 10**9 for frame in frames]
    first = calibrations[0]
    assert (first.height, first.width, first.distortion_model, list(first.d)) == (32, 64, 'plumb_bob', [0.0] * 5)
    # The frames are a 32nd of what was calibrated.
    expected = [2262.52 / 32, 0, (1096.98 + 0.5) / 32 - 0.5, 0, 2265.3017905988554 / 32, (513.137 + 0.5) / 32 - 0.5]
    np.testing.assert_allclose(first.k, [*expected, 0, 0, 1])
    np.testing.assert_allclose(first.p.reshape(3, 4)[:, :3], first.k.reshape(3, 3))


def test_cityscapes_without_its_sequences_gives_the_labelled_frames_of_a_split(
    cityscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cityscapes / 'leftImg8bit_sequence').rename(cityscapes / 'elsewhere')
    assert make(tmp_path / 'bag', '--cityscapes', cityscapes) == 0
    assert '3 frames at 17 Hz, 3 with labels, 3 with calibration' in capsys.readouterr().out


def test_sequences_alone_give_frames_alone(cityscapes: Path, tmp_path: Path) -> None:
    for name in ('gtFine', 'camera'):
        (cityscapes / name).rename(tmp_path / name)
    assert make(tmp_path / 'bag', '--cityscapes', cityscapes, '--sequence', '000000') == 0
    with Bag(tmp_path / 'bag') as bag:
        assert bag.topics.keys() == {IMAGE_TOPIC}
        assert bag.count(IMAGE_TOPIC) == 6
        assert choose_truth_topic(bag, None) is None


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    for number in (9, 10, 8):
        save(tmp_path / 'frames' / f'shot_{number}.png', grey(number))
    return tmp_path / 'frames'


def test_a_folder_of_frames_is_taken_in_the_order_of_its_numbers(frames: Path, tmp_path: Path) -> None:
    assert make(tmp_path / 'bag', '--frames', frames, '--codec', 'raw', '--namespace', '/robot_1/front') == 0
    with Bag(tmp_path / 'bag') as bag:
        assert bag.topics == {'/robot_1/front/image_raw': 'sensor_msgs/msg/Image'}
        pictures = [to_rgb(frame.message) for frame in bag.messages('/robot_1/front/image_raw')]
    np.testing.assert_array_equal(pictures, [grey(8), grey(9), grey(10)])


def test_label_maps_of_a_folder_may_be_missing_or_belong_to_no_frame(
    frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ('shot_9', 'shot_77'):
        save(tmp_path / 'labels' / f'{name}.png', LABEL_IDS)
    arguments = ('--frames', frames, '--labels', tmp_path / 'labels', '--label-space', 'cityscapes', '--codec', 'raw')
    assert make(tmp_path / 'bag', *arguments) == 0
    said = capsys.readouterr()
    assert '3 frames at 15 Hz, 1 with labels, 0 with calibration' in said.out
    assert 'label maps without a frame, left out: 1 (such as' in said.err
    with Bag(tmp_path / 'bag') as bag:
        (label,) = bag.messages('/camera/label')
        assert label.stamp_ns == [frame.stamp_ns for frame in bag.messages('/camera/image_raw')][1]
    assert label.message.encoding == 'mono8'
    assert set(np.unique(to_label_map(label.message))) == {0, 13, 255}


def test_a_calibration_file_of_ros_is_scaled_to_the_frames(frames: Path, tmp_path: Path) -> None:
    (tmp_path / 'camera.yaml').write_text(CAMERA_YAML)
    assert make(tmp_path / 'bag', '--frames', frames, '--camera', tmp_path / 'camera.yaml', '--frame-id', 'front') == 0
    with Bag(tmp_path / 'bag') as bag:
        calibrations = infos(bag)
    assert len(calibrations) == 3
    info = calibrations[2]
    assert (info.height, info.width, info.header.frame_id) == (*HW, 'front')
    np.testing.assert_allclose(info.k, [50, 0, 31.5, 0, 50, 15.5, 0, 0, 1])
    np.testing.assert_allclose(info.p, [45, 0, 31.5, 0, 0, 45, 15.5, 0, 0, 0, 1, 0])
    np.testing.assert_allclose(info.d, [-0.2, 0.05, 0.001, 0.002, 0])


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--cityscapes', 'cityscapes', '--split', 'dev'], "split 'dev' is not one of train, val, test"),
        (
            ['--cityscapes', 'cityscapes', '--city', 'rome'],
            "city 'rome' is not in .*; its cities are frankfurt, lindau",
        ),
        (
            ['--cityscapes', 'cityscapes', '--sequence', '7'],
            "sequence '000007' is not among these frames; there are 000",
        ),
        (['--cityscapes', 'nowhere'], 'folder nowhere/leftImg8bit/val does not exist'),
        (['--cityscapes', 'cityscapes', '--drive', '1'], '--drive is of --camvid; leave it out'),
        (['--frames', 'frames', '--labels', 'labels'], '--labels and --label-space go together'),
        (['--frames', 'frames', '--label-space', 'camvid'], '--labels and --label-space go together'),
        (
            ['--frames', 'frames', '--labels', 'other', '--label-space', 'camvid'],
            'no label map in other, such as a.png',
        ),
        (['--frames', 'frames', '--labels', 'small', '--label-space', 'camvid'], 'is 2x2, but its frame .* is 32x64'),
        (['--frames', 'frames', '--label-space', 'mars', '--labels', 'labels'], "label space 'mars' is not known"),
        (['--frames', 'other', '--camera', 'camera.yaml'], 'for frames of 64x128 and does not fit those of 40x40'),
        (
            ['--frames', 'frames', '--camera', 'torn.json'],
            'torn.json holds no calibration .*accepted is a file of City',
        ),
        (['--frames', 'frames', '--camera', 'none.yaml'], 'none.yaml does not exist'),
        (['--frames', 'empty'], 'folder empty holds no pictures'),
        (['--frames', 'damaged'], 'picture damaged/a.png cannot be read'),
        (['--frames', 'frames', '--codec', 'h264'], "codec 'h264' is not one of jpeg, png, raw"),
        (['--frames', 'frames', '--storage', 'rosbag'], "storage 'rosbag' is not one of mcap, sqlite3"),
        (['--frames', 'frames', '--split-size', '0'], 'a split at 0.0 MB is none'),
        (['--frames', 'frames', '--namespace', 'camera'], "'camera' cannot begin topics"),
        (['--frames', 'frames', '--rate', '0'], 'a rate of 0.0 frames per second is not'),
    ],
)
def test_what_cannot_be_made_is_a_sentence_and_leaves_nothing(
    arguments: list[str],
    sentence: str,
    cityscapes: Path,
    frames: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / 'labels/shot_9.png', LABEL_IDS)
    save(tmp_path / 'small/shot_9.png', LABEL_IDS[:2, :2])
    save(tmp_path / 'other/a.png', grey(0, (40, 40)))
    save(tmp_path / 'damaged/a.png', grey(0)).write_bytes(b'\x89PNG')
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'camera.yaml').write_text(CAMERA_YAML)
    (tmp_path / 'torn.json').write_text('{"intrinsic": {"fx"')
    before = sorted(tmp_path.iterdir())
    assert make(tmp_path / 'bag', *arguments) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith('sfnet')]
    assert line.startswith('sfnet bag make: ')
    assert re.search(sentence, line), line
    assert sorted(tmp_path.iterdir()) == before
