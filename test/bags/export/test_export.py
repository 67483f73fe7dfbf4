from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from sfnet_ros.bags.export.select import Selection, select
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, IMAGE, image_message, jpeg_message, label_message
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.scores import FrameScore
from sfnet_ros.bags.topics import LABEL_SPACE_NOTE
from sfnet_ros.bags.write import new_bag
from sfnet_ros.cli import main
from sfnet_ros.datasets import open_dataset
from sfnet_ros.labels import LabelSpace
from sfnet_ros.runtime import Segmenter

CAMVID = LabelSpace.load('camvid')
NAN = float('nan')
ROAD = np.full((48, 64), 3, np.uint8)


def score(index: int, confidence: float, flicker: float = NAN, bag: str = 'a') -> FrameScore:
    return FrameScore(bag, index, index * 400_000_000, np.zeros(11, np.int32), NAN, confidence, flicker, NAN)


SCORES = [score(0, 0.9), score(1, 0.3, 0.1), score(2, 0.2, 0.5), score(3, 0.4, 0.4), score(5, 0.5, 0.0)]


@pytest.mark.parametrize(
    ('selection', 'expected'),
    [
        (Selection('confidence', 2, 0), [2, 1]),
        (Selection('confidence', 3, 0.5), [2, 5, 0]),
        (Selection('confidence', 3, 0.4), [2, 1, 3]),
        (Selection('flicker', None, 0), [2, 3, 1, 5]),  # the first frame of a bag has none
        (Selection(None, None, 0), [0, 1, 2, 3, 5]),
        (Selection(None, 2, 1), [0, 3]),
    ],
)
def test_the_most_wanted_frames_are_taken_apart_from_each_other(selection: Selection, expected: list[int]) -> None:
    assert [taken.index for taken in select(reversed(SCORES), selection)] == expected


def test_frames_of_different_bags_are_never_too_near() -> None:
    others = [replace(score, bag='b') for score in SCORES]
    taken = select([*SCORES, *others], Selection('confidence', 2, 100))
    assert [(score.bag, score.index) for score in taken] == [('a', 2), ('b', 2)]


def frame(index: int) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Write six frames, two a second, every other one with ground truth."""
    with new_bag(tmp_path / 'drive', {LABEL_SPACE_NOTE: 'camvid'}) as writer:
        for index in range(6):
            at_ns = 500_000_000 * index
            writer.add('/image/compressed', COMPRESSED_IMAGE, jpeg_message(frame(index), 95, at_ns, 'camera'))
            if index % 2 == 0:
                writer.add('/label/compressed', COMPRESSED_IMAGE, label_message(ROAD, at_ns, 'camera'))
    return tmp_path / 'drive'


def export(bag: Path, out: Path, model: Path, *more: str) -> int:
    return main(['bag', 'export', str(bag), '--out', str(out), '--model', str(model), '--backend', 'torch', *more])


def test_frames_and_labels_become_a_data_set_that_is_trained_on(
    bag: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'set'
    assert export(bag, out, small_model) == 0
    said = capsys.readouterr().out
    assert f"{out}: 6 of 6 frames in train, 3 with ground truth, 3 with the model's labels" in said
    dataset = open_dataset('folder', out, 'train', CAMVID)
    assert dataset.names == [f'drive_{index:06d}' for index in range(6)]
    segmenter = Segmenter.from_model(small_model, backend='torch')
    with Bag(bag) as recording:
        recorded = [bytes(entry.message.data) for entry in recording.messages('/image/compressed')]
    rows = list(csv.DictReader((out / 'frames.csv').open()))
    for index, sample in enumerate(dataset):
        assert (out / 'train' / 'images' / f'{sample.name}.jpg').read_bytes() == recorded[index]
        expected = ROAD if index % 2 == 0 else segmenter(sample.image).label_map
        np.testing.assert_array_equal(sample.target, expected)
        assert rows[index]['name'] == sample.name
        assert rows[index]['labels'] == ('truth' if index % 2 == 0 else 'model')
        assert rows[index]['stamp_ns'] == str(500_000_000 * index)
    values = {
        'name': 'tiny',
        'network': {'backbone': 'df1', 'num_classes': 11, 'finest_stride': 8, 'width': 16},
        'data': {'root': str(out), 'layout': 'folder', 'split': 'train', 'validation_split': ''},
        'augment': {'crop_hw': [32, 64], 'scale_range': [0.8, 1.2]},
        'epochs': 1,
        'batch_size': 3,
        'workers': 0,
        'precision': 'float32',
    }
    (tmp_path / 'tiny.yaml').write_text(yaml.safe_dump(values))
    command = ['train', '--config', str(tmp_path / 'tiny.yaml'), '--init', '', '--device', 'cpu']
    assert main([*command, '--out', str(tmp_path / 'run')]) == 0
    assert (tmp_path / 'run' / 'tiny' / 'weights.safetensors').is_file()


def test_least_confident_frames_are_exported(bag: Path, small_model: Path, tmp_path: Path) -> None:
    more = ['--select', 'confidence', '--count', '2', '--split', 'val']
    assert export(bag, tmp_path / 'set', small_model, *more) == 0
    with (tmp_path / 'set' / 'frames.csv').open() as file:
        rows = {row['name']: float(row['confidence']) for row in csv.DictReader(file)}
    assert len(rows) == 2
    segmenter = Segmenter.from_model(small_model, backend='torch')
    with Bag(bag) as recording:
        frames = [cv2.imdecode(entry.message.data, 1)[..., ::-1] for entry in recording.messages('/image/compressed')]
    means = {
        f'drive_{i:06d}': segmenter(np.ascontiguousarray(rgb)).confidence.mean() / 255 for i, rgb in enumerate(frames)
    }
    least = min(means, key=means.__getitem__)
    assert rows[least] == pytest.approx(means[least], abs=2e-3)
    indices = sorted(int(name.rpartition('_')[2]) for name in rows)
    assert indices[1] - indices[0] >= 2


def test_raw_frames_become_png(small_model: Path, tmp_path: Path) -> None:
    with new_bag(tmp_path / 'raw', {}) as writer:
        writer.add('/image', IMAGE, image_message(frame(7), 0, 'camera'))
    assert export(tmp_path / 'raw', tmp_path / 'set', small_model) == 0
    (sample,) = open_dataset('folder', tmp_path / 'set', 'train', CAMVID)
    np.testing.assert_array_equal(sample.image, frame(7))


@pytest.mark.parametrize(
    ('more', 'sentence'),
    [
        (['--count', '0'], 'a count of 0 frames is not accepted'),
        (['--min-gap', '-1'], 'a gap of -1.0 s is not accepted'),
        (['--split', '../up'], "--split '../up' is not accepted"),
        (['--topic', '/rear'], 'has no image topic /rear'),
    ],
)
def test_wrong_arguments_are_a_sentence_and_leave_nothing(
    more: list[str], sentence: str, bag: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(bag, tmp_path / 'set', small_model, *more) == 1
    assert sentence in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['drive']


def test_an_existing_folder_is_left_as_it_is(
    bag: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(bag, bag, small_model) == 1
    assert f'{bag} exists already and is left as it is' in capsys.readouterr().err
