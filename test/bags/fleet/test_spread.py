"""An evaluation that is spread over processes comes to what one process comes to."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import pytest

from sfnet_ros.bags.fleet.processes import Processes
from sfnet_ros.bags.parts import divide
from sfnet_ros.bags.report.document import document
from sfnet_ros.bags.run import evaluate
from sfnet_ros.bags.source import Source, open_sources
from sfnet_ros.bags.spread import evaluate_apart
from sfnet_ros.cli import main
from sfnet_ros.runtime.segmenter_options import SegmenterOptions

from .conftest import KillsAWorker, without_timing, write_drive


def test_command_comes_to_the_same_with_several_processes(drives: Path, small_model: Path, tmp_path: Path) -> None:
    scores = []
    for jobs in ('1', '2'):
        file = tmp_path / f'{jobs}.json'
        options = ['--model', str(small_model), '--backend', 'torch', '--precision', 'float32', '--chunk', '2']
        options += ['--jobs', jobs, '--json', str(file), '--out', str(tmp_path / 'page.html')]
        assert main(['bag', 'evaluate', str(drives / 'drive_*'), *options]) == 0
        scores.append(json.loads(file.read_text()))
    one, several = map(without_timing, scores)
    assert one == several
    assert (one['frames'], one['unread_frames'], one['scored_frames']) == (8, 2, 5)
    assert any('with the stamp of an earlier one: 1' in warning for warning in one['warnings'])
    assert scores[1]['latency_ms']['p50'] > 0


@pytest.mark.parametrize('several', ['1', '2'])
def test_a_bag_that_cannot_be_judged_is_told_and_the_others_go_on(
    drives: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], several: str
) -> None:
    # Its first label maps are of these classes by chance.
    write_drive(tmp_path / 'other_classes', 7, others_from=3)
    (tmp_path / 'broken.mcap').write_bytes(b'no recording')
    scores = {}
    bad = [tmp_path / 'other_classes', tmp_path / 'broken.mcap']
    for name, bags, jobs, code in (('good', [], '1', 0), ('all', bad, several, 1)):
        file, page = tmp_path / f'{name}.json', tmp_path / f'{name}.html'
        options = ['--model', str(small_model), '--backend', 'torch', '--precision', 'float32', '--chunk', '2']
        options += ['--jobs', jobs, '--json', str(file), '--out', str(page)]
        assert main(['bag', 'evaluate', *map(str, bags), str(drives / 'drive_*'), *options]) == code
        scores[name] = without_timing(json.loads(file.read_text()))
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith('sfnet bag evaluate: 2 of 4 bags are not judged: ')
    why = scores['all']['refused_bags']
    assert sorted(why) == sorted(map(str, bad))
    assert all(sentence in said and escape(sentence) in page.read_text() for sentence in why.values())
    assert 'ground truth of 1030000000 ns: train ids go up to 18; accepted are 0 to 10' in said
    kept = ('frames', 'scored_frames', 'miou', 'confusion', 'flicker', 'class_shares')
    assert {key: scores['all'][key] for key in kept} == {key: scores['good'][key] for key in kept}


def test_a_bag_that_notes_other_classes_is_named_where_the_others_are_scored(
    drives: Path, small_model: Path, tmp_path: Path
) -> None:
    foreign = write_drive(tmp_path / 'foreign', 3, space='cityscapes')
    segmenter = SegmenterOptions(str(small_model), backend='torch').load()
    sources, _ = open_sources([drives / 'drive_1', foreign], None, None)
    judged = evaluate(sources, segmenter, KillsAWorker())
    assert judged.scores.scored == 4
    assert (
        f'{foreign} is not scored: the ground truth is in classes of cityscapes, the model in camvid'
        in judged.scores.warnings
    )


def test_part_of_a_killed_worker_is_judged_by_another_one(
    drives: Path, small_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sources = [Source.of(drives / name, None, None) for name in ('drive_1', 'drive_2')]
    model = SegmenterOptions(str(small_model), backend='torch', threads=1)
    killing, calm = KillsAWorker(), KillsAWorker()
    segmenter = model.load()
    spread = evaluate_apart(sources, segmenter, model, Processes(2), killing, frames_per_part=1)
    whole = evaluate(sources, segmenter, calm)
    assert (killing.killed, killing.frames, killing.bags) == (1, 10, 2)
    assert (calm.killed, calm.frames, calm.bags) == (0, 10, 2)
    assert without_timing(document(sources, [spread])) == without_timing(document(sources, [whole]))
    assert spread.scores.album.film == whole.scores.album.film
    assert 'its work is given to another one' in caplog.text


def test_parts_cover_every_frame_once(drives: Path, small_model: Path) -> None:
    sources = [Source.of(drives / name, None, None) for name in ('drive_1', 'drive_2')]
    label_space = SegmenterOptions(str(small_model), backend='torch').load().label_space
    parts = divide(sources, label_space, 3)
    assert [(part.number, part.start, part.stop, part.frames) for part in parts] == [
        (0, 0, 3, 3),
        (1, 3, 6, 3),
        (2, 6, None, 1),
        (3, 0, None, 3),
    ]
    with pytest.raises(ValueError, match='chunks of 0 frames are not accepted'):
        divide(sources, label_space, 0)
