"""Harmed recordings of every format: a sentence or a counted warning, and no traceback, no hang, no gigabytes."""

from __future__ import annotations

import logging
import resource
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from sfnet_ros.bags.evaluate import read_frames
from sfnet_ros.bags.messages import LabelFormatError
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.bags.topics import choose_image_topic, choose_truth_topic
from sfnet_ros.bags.truth import check_truth
from sfnet_ros.cli import main

from ..bags.whole_bags import FRAMES, make_whole_bags
from .bad_bags import harm

pytestmark = pytest.mark.timeout(3600)

FULL = 500
LONGEST_S = 20
# Bags of 20 kB; what OpenCV, SQLite and the rest keep between them is a few.
MOST_MB = 100


@pytest.fixture
def bags(request: pytest.FixtureRequest) -> int:
    """Give how many bags are harmed: all of them with ``--full``, or a twentieth, the same ones every time."""
    return FULL if request.config.getoption('full') else FULL // 20


@pytest.fixture(scope='module')
def whole_bags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_whole_bags(tmp_path_factory.mktemp('whole'))


def outcome_of(path: Path) -> str:
    try:
        return 'read' if frames_of(path) else 'without a frame'
    except (BagError, LabelFormatError):
        return 'refused with a sentence'


@contextmanager
def deadline(seconds: int, what: str) -> Iterator[None]:
    """Fail where the block takes longer, even within a library."""

    def fail(*_: object) -> None:
        pytest.fail(f'{what}: not through in {seconds} s')

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def frames_of(path: Path) -> int:
    """Go through a bag as its commands do, and count the frames that came out."""
    with Bag(path) as bag:
        truth_topic = choose_truth_topic(bag, None)
        topic = choose_image_topic(bag, None, truth_topic)
        if truth_topic is not None:
            check_truth(bag, truth_topic)
        read = list(read_frames(bag, topic, truth_topic))
        frames = sum(frame.rgb is not None for frame in read)
        everything = sum(1 for _ in bag.everything())
        assert frames <= everything
        assert frames == FRAMES or bag.warnings or any(frame.complaints for frame in read)
        return frames


def test_whole_bags_of_every_format_are_read_whole(
    whole_bags: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    assert {name: frames_of(path) for name, path in whole_bags.items()} == dict.fromkeys(whole_bags, FRAMES)
    assert caplog.text == ''


def test_harmed_bags_give_what_is_whole_or_a_sentence(
    bags: int, whole_bags: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    before_mb = peak_mb()
    outcomes: Counter[str] = Counter()
    for seed in range(bags):
        random = Random(seed)
        whole = whole_bags[random.choice(sorted(whole_bags))]
        harmed = tmp_path / whole.name
        # Shown where the test fails.
        print(what := f'seed {seed}: {harm(whole, harmed, random)}')
        with deadline(LONGEST_S, what):
            outcomes[outcome_of(harmed)] += 1
        shutil.rmtree(harmed) if harmed.is_dir() else harmed.unlink()
    growth_mb = peak_mb() - before_mb
    print(f'\n{bags} harmed bags: {dict(outcomes)}; memory grew by {growth_mb:.0f} MB at most')
    assert growth_mb < MOST_MB
    assert outcomes.total() == bags
    assert outcomes['read'] > bags // 3


def test_evaluating_harmed_bags_ends_in_scores_or_in_a_sentence(
    bags: int,
    whole_bags: dict[str, Path],
    model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    # One thread waits for no other, which a busy machine does not run.
    model = ['--model', str(model_folder), '--threads', '1']
    codes: Counter[int] = Counter()
    for seed in range(bags // 5):
        random = Random(seed)
        whole = whole_bags[random.choice(sorted(whole_bags))]
        harmed, scores = tmp_path / whole.name, tmp_path / 'scores.json'
        what = f'seed {seed}: {harm(whole, harmed, random)}'
        with deadline(LONGEST_S, what):
            code = main(['bag', 'evaluate', str(harmed), *model, '--json', str(scores)])
        said = capsys.readouterr()
        assert code in (0, 1), what
        assert scores.is_file() == (code == 0), what
        assert 'Traceback' not in said.err, what
        assert code == 0 or 'sfnet bag evaluate: ' in said.err, what
        codes[code] += 1
        scores.unlink(missing_ok=True)
        shutil.rmtree(harmed) if harmed.is_dir() else harmed.unlink()
    assert codes[0] > codes.total() // 3
