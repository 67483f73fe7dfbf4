from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.evaluate import read_frames
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC, Recording, make_bag
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, jpeg_message
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.scores import LabelledFrame
from sfnet_ros.bags.sheet import write_sheet
from sfnet_ros.bags.video import new_video, playing_fps
from sfnet_ros.bags.write import new_bag
from sfnet_ros.labels import LabelSpace

CAMVID = LabelSpace.load('camvid')
LABELS = np.tile(np.arange(12, dtype=np.uint8), (40, 5))
GREY = np.full((40, 60, 3), 128, np.uint8)
FRAME = LabelledFrame('drive', 0, 1, GREY, LABELS, LABELS)


def pictures_in(path: Path) -> list[np.ndarray]:
    video = cv2.VideoCapture(str(path))
    pictures = []
    while (picture := video.read())[0]:
        pictures.append(picture[1])
    return pictures


# MPEG-4 part 2 and VP8: VP9 takes a quarter of a second for a picture of a drive.
@pytest.mark.parametrize(('name', 'codec'), [('a.mp4', 'FMP4'), ('a.webm', 'VP80')])
@pytest.mark.parametrize('frame_hw', [(40, 60), (41, 61)])
def test_video_keeps_every_picture_and_its_colours_and_says_nothing(
    frame_hw: tuple[int, int], name: str, codec: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    with new_video(tmp_path / name, 7.5) as video:
        for colour in colours:
            video.append(np.full((*frame_hw, 3), colour, np.uint8))
    pictures = pictures_in(tmp_path / name)
    assert len(pictures) == 3
    assert cv2.VideoCapture(str(tmp_path / name)).get(cv2.CAP_PROP_FOURCC) == cv2.VideoWriter.fourcc(*codec)
    for picture, colour in zip(pictures, colours, strict=True):
        assert np.abs(picture.mean(axis=(0, 1))[::-1] - colour).max() < 12
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize(
    ('steps_ns', 'fps'), [([200_000_000, 200_000_000, 7], 5), ([1], 60), ([0], 60), ([9_000_000_000], 1)]
)
def test_video_plays_at_the_recording_s_rate_as_far_as_codecs_go(
    steps_ns: list[int], fps: float, tmp_path: Path
) -> None:
    with new_video(tmp_path / 'a.mp4', playing_fps(steps_ns)) as video:
        video.append(GREY)
    assert cv2.VideoCapture(str(tmp_path / 'a.mp4')).get(cv2.CAP_PROP_FPS) == pytest.approx(fps)


def test_picture_of_another_size_is_brought_to_the_first_s(tmp_path: Path) -> None:
    with new_video(tmp_path / 'a.mp4', 10) as video:
        video.append(GREY)
        video.append(np.full((20, 20, 3), 128, np.uint8))
    assert [picture.shape for picture in pictures_in(tmp_path / 'a.mp4')] == [(40, 60, 3)] * 2


def test_interrupted_video_is_not_left_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_video(tmp_path / 'a.mp4', 10) as video:
        video.append(GREY)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(('target', 'columns'), [(LABELS, 4), (None, 3)])
def test_sheet_has_a_row_for_each_frame(target: np.ndarray | None, columns: int, tmp_path: Path) -> None:
    write_sheet(tmp_path / 'sheet.png', [replace(FRAME, target=target)] * 8, CAMVID)
    sheet = cv2.imread(str(tmp_path / 'sheet.png'))
    assert sheet is not None
    assert sheet.shape[0] >= 8 * 40
    assert sheet.shape[1] >= columns * 60


def test_sheet_of_large_frames_of_mixed_sizes_stays_a_sheet(tmp_path: Path) -> None:
    large = replace(
        FRAME, rgb=np.zeros((1000, 2000, 3), np.uint8), target=None, label_map=np.zeros((1000, 2000), np.uint8)
    )
    write_sheet(tmp_path / 'sheet.png', [large, FRAME], CAMVID)
    sheet = cv2.imread(str(tmp_path / 'sheet.png'))
    assert sheet is not None
    assert 3 * 480 < sheet.shape[1] < 4 * 480
    assert 2 * 240 < sheet.shape[0] < 3 * 240


def test_what_has_one_stamp_is_read_together(tmp_path: Path) -> None:
    make_bag(tmp_path / 'bag', [Frame(GREY, LABELS), Frame(GREY, LABELS[:, ::-1])], CAMVID, Recording())
    with Bag(tmp_path / 'bag') as bag:
        first, second = read_frames(bag, IMAGE_TOPIC, LABEL_TOPIC)
    np.testing.assert_array_equal(first.target, LABELS)
    np.testing.assert_array_equal(second.target, LABELS[:, ::-1])
    assert first.rgb is not None
    assert first.rgb.shape == GREY.shape


def test_a_damaged_frame_is_told_and_passed_over(tmp_path: Path) -> None:
    damaged, good = jpeg_message(GREY, 95, 1, ''), jpeg_message(GREY, 95, 2, '')
    damaged.data = damaged.data[:50]  # type: ignore[attr-defined]
    with new_bag(tmp_path / 'bag', {}) as writer:
        writer.add(IMAGE_TOPIC, COMPRESSED_IMAGE, damaged)
        writer.add(IMAGE_TOPIC, COMPRESSED_IMAGE, good)
    with Bag(tmp_path / 'bag') as bag:
        first, second = read_frames(bag, IMAGE_TOPIC, None)
    assert first.rgb is None
    assert 'a frame was left out: JPEG data is cut off' in first.complaints[0]
    assert second.rgb is not None
    assert second.complaints == []
