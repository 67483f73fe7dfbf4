from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.messages import (
    COMPRESSED_IMAGE,
    IMAGE,
    TYPES,
    LabelFormatError,
    Stamped,
    jpeg_message,
    label_message,
    to_label_map,
)
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.topics import LABEL_SPACE_NOTE, choose_image_topic, choose_truth_topic
from sfnet_ros.bags.truth import check_truth
from sfnet_ros.bags.write import new_bag

SAMPLE = Path(__file__).parents[1] / 'data' / 'camvid_0016E5'
GREY = np.full((4, 6, 3), 128, np.uint8)
LABELS = np.arange(24, dtype=np.uint8).reshape(4, 6)


def make(folder: Path, topics: dict[str, Stamped], notes: dict[str, str] | None = None) -> Path:
    with new_bag(folder, notes or {}) as bag:
        for topic, message in topics.items():
            bag.add(topic, COMPRESSED_IMAGE, message)
    return folder


def raw_image(encoding: str, step: int, data: np.ndarray) -> Stamped:
    header = jpeg_message(GREY, 95, 0, '').header
    return TYPES.types[IMAGE](header, 4, 6, encoding, 0, step, data)  # type: ignore[return-value]


def test_sample_drive_is_whole() -> None:
    with Bag(SAMPLE) as bag:
        frames = [message.stamp_ns for message in bag.messages(choose_image_topic(bag, None))]
        truth_topic = choose_truth_topic(bag, None)
        assert truth_topic is not None
        truths = list(bag.messages(truth_topic))
        assert bag.notes[LABEL_SPACE_NOTE] == 'camvid'
    assert len(frames) == 101
    assert frames == [truth.stamp_ns for truth in truths]
    assert frames[100] - frames[0] == 6_666_666_667
    label_maps = [to_label_map(truth.message) for truth in truths]
    assert {label_map.shape for label_map in label_maps} == {(360, 480)}
    assert set(np.unique(label_maps)) == {*range(11), 255}
    assert sum(file.stat().st_size for file in SAMPLE.iterdir()) < 8e6


def test_sample_drive_tells_humble_what_it_can_read() -> None:
    metadata = (SAMPLE / 'metadata.yaml').read_text()
    assert 'version: 8\n' in metadata
    assert 'offered_qos_profiles: "- ' in metadata


def test_missing_bag_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'there is no bag at .*/nowhere: a rosbag2 folder'):
        Bag(tmp_path / 'nowhere')


def test_folder_without_a_bag_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r'cannot be read: .*metadata'):
        Bag(tmp_path)


def test_damaged_bag_is_a_sentence(tmp_path: Path) -> None:
    folder = make(tmp_path / 'bag', {'/a': jpeg_message(GREY, 95, 0, '')})
    file = folder / 'bag.mcap'
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(BagError, match='cannot be read'):
        Bag(folder)


FRAME, LABEL = jpeg_message(GREY, 95, 0, ''), label_message(LABELS, 0, '')


def test_the_only_topic_of_frames_is_taken_by_itself(tmp_path: Path) -> None:
    of_the_node = {f'/sfnet/{name}': LABEL for name in ('label', 'confidence', 'color', 'overlay')}
    with Bag(make(tmp_path / 'bag', {'/front/color': FRAME, '/front/semantic': LABEL, **of_the_node})) as bag:
        assert choose_image_topic(bag, None, '/front/semantic') == '/front/color'
        with pytest.raises(BagError, match='several image topics'):
            choose_image_topic(bag, None)
        with pytest.raises(BagError, match='/front/color cannot hold both the frames and their ground truth'):
            choose_image_topic(bag, '/front/color', '/front/color')
    nothing_else = pytest.raises(BagError, match='no image topic of anything but labels and truth')
    with Bag(make(tmp_path / 'labels', of_the_node)) as bag, nothing_else:
        choose_image_topic(bag, None)


def test_labels_are_ground_truth_only_where_the_bag_or_the_user_says_so(tmp_path: Path) -> None:
    topics = {'/front/image/compressed': FRAME, '/sfnet/label': LABEL}
    with Bag(make(tmp_path / 'recorded', topics)) as bag:
        assert choose_truth_topic(bag, None) is None
        assert choose_truth_topic(bag, '/sfnet/label') == '/sfnet/label'
        assert choose_image_topic(bag, None) == '/front/image/compressed'
        with pytest.raises(BagError, match='has no image topic /up'):
            choose_truth_topic(bag, '/up')
    with Bag(make(tmp_path / 'made', topics, {LABEL_SPACE_NOTE: 'camvid'})) as bag:
        assert choose_truth_topic(bag, None) == '/sfnet/label'
    both = {**topics, '/front/label': LABEL}
    with Bag(make(tmp_path / 'both', both, {LABEL_SPACE_NOTE: 'camvid'})) as bag:
        with pytest.raises(BagError, match=r'name that of the truth \(/front/label, /sfnet/label\)'):
            choose_truth_topic(bag, None)
        with pytest.raises(LabelFormatError, match='/front/image/compressed holds no ground truth: a compressed label'):
            check_truth(bag, '/front/image/compressed')


def test_several_topics_of_frames_are_a_sentence_that_lists_them(tmp_path: Path) -> None:
    topics = {'/left': jpeg_message(GREY, 95, 0, ''), '/right': jpeg_message(GREY, 95, 0, '')}
    with Bag(make(tmp_path / 'bag', topics)) as bag:
        with pytest.raises(BagError, match=r'several image topics: name one \(image topics in it: /left, /right\)'):
            choose_image_topic(bag, None)
        with pytest.raises(BagError, match=r'has no image topic /up \(image topics in it: /left, /right\)'):
            choose_image_topic(bag, '/up')
        assert choose_image_topic(bag, '/right') == '/right'


def test_mono8_image_with_padded_rows_is_a_label_map() -> None:
    padded = np.pad(LABELS, ((0, 0), (0, 2)))
    np.testing.assert_array_equal(to_label_map(raw_image('mono8', 8, padded.ravel())), LABELS)


@pytest.mark.parametrize(
    ('message', 'sentence'),
    [
        (jpeg_message(GREY, 95, 0, ''), 'an 8-bit grey PNG, not'),
        (raw_image('rgb8', 18, GREY.ravel()), "encoded as mono8, not 'rgb8'"),
        (raw_image('mono8', 6, LABELS.ravel()[:20]), 'of 4x6 with step 6 cannot have 20 bytes'),
    ],
)
def test_what_is_no_label_map_is_a_sentence(message: Stamped, sentence: str) -> None:
    with pytest.raises(LabelFormatError, match=sentence):
        to_label_map(message)


def test_sixteen_bit_png_is_no_label_map() -> None:
    message = label_message(LABELS, 0, '')
    message.data = cv2.imencode('.png', LABELS.astype(np.uint16))[1]  # type: ignore[attr-defined]
    with pytest.raises(LabelFormatError, match='an 8-bit grey PNG'):
        to_label_map(message)
