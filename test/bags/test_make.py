from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC, Recording, make_bag
from sfnet_ros.bags.messages import to_label_map
from sfnet_ros.bags.read import Bag
from sfnet_ros.labels import LabelSpace

CAMVID = LabelSpace.load('camvid')


def drive(frames: int = 3) -> list[Frame]:
    random = np.random.default_rng(0)
    ids = np.array([*range(11), 255], np.uint8)
    return [Frame(random.integers(0, 256, (12, 16, 3), np.uint8), random.choice(ids, (12, 16))) for i in range(frames)]


def test_labels_come_back_as_they_were_and_frames_within_what_jpeg_loses(tmp_path: Path) -> None:
    samples = [Frame(np.full((12, 16, 3), (200, 40, 90), np.uint8), drive()[0].target)]
    make_bag(tmp_path / 'bag', samples, CAMVID, Recording())
    with Bag(tmp_path / 'bag') as bag:
        (frame,) = bag.messages(IMAGE_TOPIC)
        (label,) = bag.messages(LABEL_TOPIC)
    bgr = cv2.imdecode(np.frombuffer(frame.message.data, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    assert np.abs(bgr[:, :, ::-1].astype(int) - (200, 40, 90)).max() <= 2
    np.testing.assert_array_equal(to_label_map(label.message), samples[0].target)


def test_frame_and_label_share_a_stamp_that_follows_the_rate(tmp_path: Path) -> None:
    make_bag(tmp_path / 'bag', drive(), CAMVID, Recording(rate=15.0, start_s=100, frame_id='front'))
    with Bag(tmp_path / 'bag') as bag:
        frames, labels = list(bag.messages(IMAGE_TOPIC)), list(bag.messages(LABEL_TOPIC))
    expected = [100_000_000_000, 100_066_666_667, 100_133_333_333]
    assert [frame.stamp_ns for frame in frames] == [label.stamp_ns for label in labels] == expected
    assert [frame.recorded_ns for frame in frames] == expected
    assert {entry.message.header.frame_id for entry in frames + labels} == {'front'}


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ('a', 'b'):
        make_bag(tmp_path / folder / 'bag', drive(), CAMVID, Recording())
    for name in ('bag.mcap', 'metadata.yaml'):
        assert (tmp_path / 'a/bag' / name).read_bytes() == (tmp_path / 'b/bag' / name).read_bytes()


def test_existing_output_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / 'bag').mkdir()
    (tmp_path / 'bag/mine').write_text('mine')
    with pytest.raises(FileExistsError, match='exists already and is left as it is'):
        make_bag(tmp_path / 'bag', drive(), CAMVID, Recording())
    assert [path.name for path in tmp_path.rglob('*')] == ['bag', 'mine']


def test_an_interrupted_recording_leaves_nothing(tmp_path: Path) -> None:
    def interrupted():  # type: ignore[no-untyped-def]
        yield drive()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_bag(tmp_path / 'bag', interrupted(), CAMVID, Recording())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('settings', 'sentence'),
    [
        ({'rate': 0.0}, 'a rate of 0.0 frames per second is not between'),
        ({'jpeg_quality': 101}, 'a JPEG quality of 101 is not from 1 to 100'),
        ({'start_s': -1}, 'a start of -1 s is no stamp'),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Recording(**settings)  # type: ignore[arg-type]
