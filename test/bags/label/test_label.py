from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin

from sfnet_ros.bags.messages import TYPES, stamp_ns, to_label_map
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.topics import predictions_in
from sfnet_ros.cli import main
from sfnet_ros.runtime import Segmenter, to_rgb

IMAGE_TOPIC = '/camera/image_raw/compressed'
ADDED = ['/sfnet/label/compressed', '/sfnet/confidence/compressed']


def label(bag: Path, out: Path, model: Path, *more: str) -> int:
    options = ['--model', str(model), '--backend', 'torch', '--jobs', '1', '--chunk', '2']
    return main(['bag', 'label', str(bag), '--out', str(out), *options, *more])


def entries(bag: Path) -> list[tuple[str, int, bytes]]:
    with AnyReader([bag], default_typestore=TYPES) as reader:
        return [(connection.topic, at_ns, bytes(data)) for connection, at_ns, data in reader.messages()]


def topics(bag: Path) -> list[tuple[Any, ...]]:
    with AnyReader([bag], default_typestore=TYPES) as reader:
        return [(item.topic, item.msgtype, item.msgdef, item.digest, item.ext) for item in reader.connections]


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.mark.parametrize('plugin', list(StoragePlugin))
def test_copy_is_the_original_with_labels_right_behind_their_frames(
    plugin: StoragePlugin,
    make_drive: Callable[..., Path],
    small_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drive, out = make_drive(plugin=plugin), tmp_path / 'labelled'
    assert label(drive, out, small_model) == 0
    assert f'{out}: 6 of 7 frames labelled' in capsys.readouterr().out
    assert [path.suffix for path in sorted(out.iterdir())] == [path.suffix for path in sorted(drive.iterdir())]
    assert [entry for entry in entries(out) if entry[0] not in ADDED] == entries(drive)
    assert [topic for topic in topics(out) if topic[0] not in ADDED] == topics(drive)
    labelled, damaged = (['/blob', IMAGE_TOPIC, *added, '/blob'] for added in (ADDED, []))
    assert [topic for topic, _, _ in entries(out)] == 4 * labelled + damaged + 2 * labelled
    with Bag(out) as bag:
        assert bag.notes['site'] == 'yard'
        assert {topic: note['of'] for topic, note in predictions_in(bag).items()} == dict.fromkeys(ADDED, IMAGE_TOPIC)


def test_labels_are_those_of_the_segmenter_under_the_header_of_the_frame(
    make_drive: Callable[..., Path], small_model: Path, tmp_path: Path
) -> None:
    assert label(make_drive(), tmp_path / 'labelled', small_model, '--prefix', '/bench', '--overlay', '--raw') == 0
    segmenter = Segmenter.from_model(small_model, backend='torch', threads=1)
    with Bag(tmp_path / 'labelled') as bag:
        frames = {entry.stamp_ns: entry for entry in bag.messages(IMAGE_TOPIC)}
        labels, confidences = (list(bag.messages(f'/bench/{name}')) for name in ('label', 'confidence'))
        overlays = [to_rgb(entry.message) for entry in bag.messages('/bench/overlay/compressed')]
    assert len(labels) == len(confidences) == len(overlays) == 6
    for entry, confidence in zip(labels, confidences, strict=True):
        frame = frames[stamp_ns(entry.message)]
        result = segmenter(to_rgb(frame.message))
        assert entry.message.header == confidence.message.header == frame.message.header
        assert entry.recorded_ns == frame.recorded_ns
        np.testing.assert_array_equal(to_label_map(entry.message), result.label_map)
        np.testing.assert_array_equal(to_label_map(confidence.message), result.confidence)
    assert {picture.shape for picture in overlays} == {(24, 32, 3)}


def test_frames_that_cannot_be_decoded_are_counted_and_said_once(
    make_drive: Callable[..., Path], small_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drive = make_drive(damaged=(1, 2, 5))
    assert label(drive, tmp_path / 'labelled', small_model) == 0
    (warning,) = [record.message for record in caplog.records if record.levelname == 'WARNING']
    assert warning.startswith(
        f'bag {drive}: frames on {IMAGE_TOPIC} without a label: 3 (the first: at 5010000000 ns: JPEG '
    )


def test_a_bare_file_and_old_sqlite_without_definitions_are_copied(
    make_drive: Callable[..., Path], small_model: Path, tmp_path: Path
) -> None:
    (file,) = make_drive('bare').glob('*.mcap')
    assert label(file, tmp_path / 'of_file', small_model) == 0
    assert [entry for entry in entries(tmp_path / 'of_file') if entry[0] not in ADDED] == entries(file)
    old = make_drive('old', StoragePlugin.SQLITE3)
    database = sqlite3.connect(old / 'old.db3')
    database.executescript('DROP TABLE message_definitions; DROP TABLE schema; DROP TABLE metadata')
    database.close()
    assert label(old, tmp_path / 'of_old', small_model) == 0
    assert [entry for entry in entries(tmp_path / 'of_old') if entry[0] not in ADDED] == entries(old)
    with AnyReader([tmp_path / 'of_old']) as reader:
        kinds = {item.topic: item.msgdef.data for item in reader.connections}
    assert kinds['/blob'] == ''
    assert 'string format' in kinds[IMAGE_TOPIC]


def test_labels_do_not_depend_on_the_number_of_processes(
    drive: Path, calm: Path, small_model: Path, tmp_path: Path
) -> None:
    assert label(drive, tmp_path / 'labelled', small_model, '--jobs', '2') == 0
    assert digests(tmp_path / 'labelled') == digests(calm)


def test_several_bags_go_to_a_folder_and_what_is_done_is_kept(
    make_drive: Callable[..., Path], small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ('one', 'two'):
        make_drive(f'bags/{name}')
    (tmp_path / 'bags' / 'notes.txt').write_text('no bag')
    pattern, out = tmp_path / 'bags' / '*', tmp_path / 'out'
    assert label(pattern, out, small_model) == 1
    said = capsys.readouterr()
    assert f'{out / "one"}: 6 of 7' in said.out
    assert '1 of 3 bags are not labelled' in said.err
    assert 'notes.txt' in said.err
    before = digests(out / 'one')
    (tmp_path / 'bags' / 'notes.txt').unlink()
    assert label(pattern, out, small_model) == 0
    assert f'{out / "two"}: labelled already' in capsys.readouterr().out
    assert digests(out / 'one') == before
    assert sorted(path.name for path in out.iterdir()) == ['one', 'two']
