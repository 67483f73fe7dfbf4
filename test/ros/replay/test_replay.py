import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.evaluate import read_frames
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC, Recording, make_bag
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.source import Source
from sfnet_ros.cli import main
from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.judge import RESULTS, judge
from sfnet_ros.ros.replay.label_store import CONFIDENCE
from sfnet_ros.ros.replay.plan import ReplayPlan
from sfnet_ros.ros.replay.supervise import replay

from .conftest import FRAMES, Outcome


def test_every_frame_is_sent_once_with_its_own_stamp_and_at_the_drive_s_pace(
    outcome: Outcome, short_drive: Path
) -> None:
    with Bag(short_drive) as bag:
        stamps = [message.stamp_ns for message in bag.messages(IMAGE_TOPIC)]
    assert list(outcome.replayed.sent_ns) == stamps
    moments = list(outcome.replayed.sent_ns.values())
    late_ns = np.subtract(moments, stamps) - min(np.subtract(moments, stamps))
    # One that is sent while all cores are taken is late, and its successors are in time again. A wrong pace makes the
    # median late by half of what it makes the last one.
    assert np.median(late_ns) < 0.075e9


def test_labels_carry_stamps_of_frames_and_come_after_them(outcome: Outcome) -> None:
    assert 0 < len(outcome.replayed.received_ns) <= FRAMES
    assert outcome.replayed.received_ns.keys() <= outcome.replayed.sent_ns.keys()
    assert min(outcome.replayed.latencies_ms()) > 0


def test_the_first_frame_is_not_lost_while_the_ends_of_a_topic_find_each_other(outcome: Outcome) -> None:
    # The node is idle then, so that nothing else could cost it.
    assert min(outcome.replayed.sent_ns) in outcome.replayed.received_ns


def test_live_labels_and_scores_are_those_of_the_model_on_the_same_frames(outcome: Outcome, short_drive: Path) -> None:
    offline = ConfusionMatrix(outcome.segmenter.label_space.num_classes)
    compared: Counter[bool] = Counter()
    with Bag(short_drive) as bag:
        for frame in read_frames(bag, IMAGE_TOPIC, LABEL_TOPIC):
            label_map = outcome.replayed.labels.get(frame.stamp_ns)
            if label_map is not None and frame.target is not None:
                found = outcome.segmenter(frame.rgb)
                offline.update(found.label_map, frame.target)
                compared[np.array_equal(found.label_map, label_map)] += 1
                confidence = outcome.replayed.labels.get(frame.stamp_ns, CONFIDENCE)
                assert confidence is None or np.array_equal(confidence, found.confidence)
    assert compared == {True: outcome.report.live.processed}
    scores = outcome.report.run.scores
    np.testing.assert_array_equal(offline.iou_per_class, scores.confusion.iou_per_class)
    assert 0 < scores.calibration.mean_confidence < 1


def test_report_is_written_with_the_numbers_of_an_evaluation_and_of_the_replay(outcome: Outcome) -> None:
    written = json.loads((outcome.folder / 'report.json').read_text())
    assert (written['frames'], written['unread_frames'], written['mode'], written['speed']) == (FRAMES, 0, 'paced', 1.0)
    assert written['processed'] + written['dropped'] == FRAMES
    assert (written['truth_topics'], written['not_scored']) == ([LABEL_TOPIC], None)
    latencies = outcome.replayed.latencies_ms()
    assert written['latency_ms']['p50'] == pytest.approx(np.median(latencies), abs=0.01)
    assert written['latency_ms']['max'] == pytest.approx(max(latencies), abs=0.01)
    # A drive of `sfnet bag make` is recorded at its stamps.
    assert written['age_ms'] == written['latency_ms']
    assert written['stamps']['matched'] == written['processed']
    assert written['stamps']['interval_ms']['p50'] == pytest.approx(200.0, abs=0.01)
    sent_ns = list(outcome.replayed.sent_ns.values())
    assert written['rates_hz'][IMAGE_TOPIC] == pytest.approx((FRAMES - 1) / (sent_ns[-1] - sent_ns[0]) * 1e9, abs=0.01)
    # Which the node looks at.
    assert written['rates_hz']['/clock'] > 50
    assert written['fps'] == written['rates_hz']['/sfnet/label'] > 0
    assert 0 <= written['miou'] <= 1
    assert 0 <= written['ece'] <= 1
    assert list(written['iou_per_class']) == list(outcome.segmenter.label_space.names)
    assert written['run'] == outcome.segmenter.describe()
    assert written['model_ms'] > 0


def test_the_page_of_an_evaluation_has_a_section_on_the_replay(outcome: Outcome) -> None:
    page = (outcome.folder / 'report.html').read_text()
    live = outcome.report.live
    assert '<h2>Replay</h2>' in page
    assert f'{FRAMES} sent, {live.processed} processed, {live.dropped} dropped, 0 unreadable' in page
    assert 'rate of /clock' in page
    assert '<h2>Latency</h2>' in page


def test_video_shows_every_frame_at_the_drive_s_rate(outcome: Outcome) -> None:
    video = cv2.VideoCapture(str(outcome.folder / 'overlay.mp4'))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(5.0, abs=0.01)
    pictures = 0
    while video.read()[0]:
        pictures += 1
    assert pictures == FRAMES


def test_contact_sheet_has_four_columns_and_a_row_for_each_of_up_to_five_frames(outcome: Outcome) -> None:
    sheet = cv2.imread(str(outcome.folder / 'contact_sheet.png'))
    assert sheet is not None
    height, width = sheet.shape[:2]
    assert height // 360 == min(5, outcome.report.live.processed)
    assert width // 480 == 4


def test_nothing_but_the_results_is_in_the_folder(outcome: Outcome) -> None:
    assert {path.name for path in outcome.folder.iterdir()} == set(RESULTS)


def test_a_model_that_is_not_there_ends_the_replay_with_the_node_s_sentence(
    short_drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['bag', 'replay', str(short_drive), '--model', 'no_such_model', '--out', str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("sfnet bag replay: the node ended with exit code 1: cannot configure: model 'no_such_model'")
    assert said.count('\n') == 1
    assert list(tmp_path.iterdir()) == []


def test_without_ground_truth_nothing_is_scored_and_all_else_is_there(outcome: Outcome, tmp_path: Path) -> None:
    source = replace(outcome.source, truth_topic=None, truths=0)
    report = judge(source, outcome.plan, outcome.replayed, outcome.segmenter, tmp_path)
    written = json.loads((tmp_path / 'report.json').read_text())
    assert (written['truth_topics'], written['miou'], written['ece']) == ([None], None, None)
    assert (written['frames'], written['mean_confidence'] > 0, written['flicker'] >= 0) == (FRAMES, True, True)
    assert {path.name for path in tmp_path.iterdir()} == set(RESULTS)
    assert 'not scored: the bag names no ground truth; where it has one, name its topic with --truth' in report.table()


def test_labels_are_brought_to_the_size_of_the_truth_and_that_is_said(
    outcome: Outcome, short_drive: Path, tmp_path: Path
) -> None:
    with Bag(short_drive) as bag:
        read = list(read_frames(bag, IMAGE_TOPIC, LABEL_TOPIC))
    large = [Frame(frame.rgb, np.kron(frame.target, np.ones((2, 2), np.uint8))) for frame in read]
    make_bag(tmp_path / 'large', large, outcome.segmenter.label_space, Recording(rate=5.0))
    source = Source.of(tmp_path / 'large', None, None)
    report = judge(source, outcome.plan, outcome.replayed, outcome.segmenter, tmp_path / 'out')
    (said,) = [warning for warning in report.warnings if 'by the nearest pixels' in warning]
    assert said.endswith(f' ({report.live.processed} times)')
    # Each pixel of label and truth has become four.
    assert report.run.scores.confusion.miou == outcome.report.run.scores.confusion.miou


def test_a_label_of_no_frame_is_reported(outcome: Outcome) -> None:
    stray = replace(outcome.replayed, received_ns={**outcome.replayed.received_ns, 12: 0})
    with pytest.raises(ReplayError, match='gave 1 labels with a stamp that no frame had, such as 12 ns'):
        stray.check()
    with pytest.raises(ReplayError, match='gave no label for any of 8 frames, and warned: too dark'):
        replace(outcome.replayed, received_ns={}, warnings=['too dark']).check()


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['nowhere'], 'there is no bag at nowhere'),
        (['BAG', '--topic', '/up'], 'has no image topic /up (image topics in it: /camera/image_raw/compressed, '),
        (['BAG', '--truth', '/up'], 'has no image topic /up'),
        (['BAG', '--truth', IMAGE_TOPIC, '--topic', IMAGE_TOPIC], 'cannot hold both the frames and their ground truth'),
        (['BAG', '--truth', IMAGE_TOPIC, '--topic', LABEL_TOPIC], 'holds no ground truth: a compressed label map is'),
        (['BAG', '--speed', '0'], 'a speed of 0.0 is not between 0.01 and 100'),
        (['BAG', '--out', 'BAG'], 'is a recording, or within one, and is left as it is'),
        (['BAG', '--rate', '0'], 'a rate of 0 frames a second is not between 0.01 and 1000'),
        (['BAG', '--rate', '0.001'], 'a rate of 0.001 frames a second is not between 0.01 and 1000'),
        (['BAG', '--loop', '0'], 'a recording cannot be played 0 times; 1 to 10000 is accepted'),
        (['BAG', '--domain', '300'], '300 is no ROS domain; 0 to 232 is accepted'),
        (['BAG', '--input-size', 'big'], "--input-size 'big' is not accepted"),
        (['BAG', '--out', f'{__file__}/a'], '/a cannot be, as what should be its folder is a file'),
    ],
)
def test_what_a_user_can_get_wrong_is_a_sentence_before_anything_starts(
    arguments: list[str], sentence: str, short_drive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['bag', 'replay', *(argument.replace('BAG', str(short_drive)) for argument in arguments)]) == 1
    assert sentence in capsys.readouterr().err


def test_without_rclpy_one_sentence_says_so(short_drive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    with pytest.raises(ReplayError, match=r'needs ROS 2 \(rclpy\)'):
        replay(ReplayPlan(short_drive, IMAGE_TOPIC, True, {}), on_label=lambda: None)
