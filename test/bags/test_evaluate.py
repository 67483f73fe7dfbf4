from __future__ import annotations

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.album import Sampling
from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.evaluate import evaluate_frames
from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC, Recording, make_bag
from sfnet_ros.cli import main
from sfnet_ros.labels import LabelSpace
from sfnet_ros.runtime import Segmenter

FRAMES = 7
_VOID = ('meta', 'img')


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    scene = cv2.resize(random.integers(0, 256, (12, 24, 3)).astype(np.uint8), (128, 64))
    target = np.tile(np.repeat(np.arange(8, dtype=np.uint8), 12), (64, 1))
    target[:8] = 255
    samples = [Frame(scene[:, index : index + 96].copy(), target) for index in range(FRAMES)]
    folder = tmp_path_factory.mktemp('bags') / 'drive <b>'
    make_bag(folder, samples, LabelSpace.load('camvid'), Recording())
    return folder


@pytest.fixture(scope='module')
def segmenter(small_model: Path) -> Segmenter:
    return Segmenter.from_model(small_model, backend='torch', precision='float32')


def test_parts_merge_to_the_whole_exactly(bag: Path, segmenter: Segmenter) -> None:
    sampling = Sampling(film_every=2, stretch=3)
    whole = evaluate_frames(bag, IMAGE_TOPIC, LABEL_TOPIC, segmenter, sampling=sampling)
    parts = [(4, None), (0, 1), (1, 4)]
    merged, *others = [
        evaluate_frames(bag, IMAGE_TOPIC, LABEL_TOPIC, segmenter, start, stop, sampling=sampling)
        for start, stop in parts
    ]
    for other in others:
        merged.merge(other)
    np.testing.assert_array_equal(merged.confusion.matrix, whole.confusion.matrix)
    np.testing.assert_array_equal(merged.boundary.f_per_class, whole.boundary.f_per_class)
    assert str(merged.calibration.reliability()) == str(whole.calibration.reliability())
    assert (merged.flicker.share, merged.truth_flicker.share) == (whole.flicker.share, whole.truth_flicker.share)
    assert [(frame.key, frame.miou) for frame in merged.frames] == [(frame.key, frame.miou) for frame in whole.frames]
    assert merged.album.film == whole.album.film
    assert merged.album.worst(9) == whole.album.worst(9)
    assert (whole.scored, len(whole.album.film), len(whole.album.worst(9))) == (FRAMES, 4, 3)


class StrictPage(HTMLParser):
    """Take a page apart, and refuse tags that are not closed in their order and addresses outside of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[tuple[str, str]] = []
        self.text = ''
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert name not in ('href', 'srcset', 'onload', 'onclick')
            if name == 'src':
                self.sources.append((tag, value or ''))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def evaluate(bag: Path, model: Path, folder: Path, *more: str) -> tuple[dict, StrictPage, str]:
    page, scores = folder / 'page.html', folder / 'scores.json'
    arguments = [str(bag), '--model', str(model), '--backend', 'torch', '--precision', 'float32', *more]
    assert main(['bag', 'evaluate', *arguments, '--json', str(scores), '--out', str(page)]) == 0
    text = page.read_text(encoding='utf-8')
    return json.loads(scores.read_text()), StrictPage(text), text


def test_command_writes_scores_and_a_page_that_needs_nothing_else(
    bag: Path, small_model: Path, segmenter: Segmenter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, page, text = evaluate(bag, small_model, tmp_path, '--precision', 'bfloat16')
    whole = evaluate_frames(bag, IMAGE_TOPIC, LABEL_TOPIC, segmenter)
    assert document['miou'] == pytest.approx(whole.confusion.miou, abs=1e-6)
    assert document['frames'] == FRAMES
    assert set(document['iou_per_class']) == set(LabelSpace.load('camvid').names)
    assert {'ece', 'flicker', 'latency_ms', 'boundary_f', 'confusion', 'reliability', 'class_shares'} <= set(document)
    assert [run['precision'] for run in document['runs']] == ['float32', 'bfloat16']
    (difference,) = document['differences']
    assert difference['miou'] == pytest.approx(document['runs'][1]['miou'] - document['miou'], abs=2e-6)
    assert difference['label_agreement'] > 0.5
    assert 'mIoU' in capsys.readouterr().out

    assert 'url(' not in text
    assert '@import' not in text
    assert re.findall(r'drive <b>', text) == []
    assert 'drive <b>' in page.text
    pictures = [source for tag, source in page.sources if tag == 'img']
    assert len(pictures) == 2 * 4 * 6
    for source in pictures:
        data = b64decode(source.partition('base64,')[2], validate=True)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (64, 96, 3)
    for tag, source in page.sources:
        assert source.startswith({'img': 'data:image/', 'video': 'data:video/webm;base64,'}[tag])
    assert [tag for tag, _ in page.sources].count('video') == 2


def test_without_ground_truth_everything_is_there_that_needs_none(small_model: Path, tmp_path: Path, bag: Path) -> None:
    from sfnet_ros.bags.messages import COMPRESSED_IMAGE
    from sfnet_ros.bags.read import Bag
    from sfnet_ros.bags.write import new_bag

    with Bag(bag) as source, new_bag(tmp_path / 'bare', {}) as copy:
        for entry in source.messages(IMAGE_TOPIC):
            copy.add(IMAGE_TOPIC, COMPRESSED_IMAGE, entry.message)
    document, page, _ = evaluate(tmp_path / 'bare', small_model, tmp_path)
    assert document['not_scored'].startswith('the bag names no ground truth')
    for key in ('miou', 'pixel_accuracy', 'ece', 'boundary_f', 'confusion'):
        assert document[key] is None
    assert set(document['iou_per_class'].values()) == {None}
    assert 0 <= document['flicker'] <= 1
    assert document['latency_ms']['p50'] > 0
    for title in ('Confidence', 'Flicker', 'Latency', 'Class shares', 'Video', 'Worst frames'):
        assert title in page.text


def with_truths(bag: Path, copy: Path, *heights: int) -> list[int]:
    """Copy the frames of a bag, with ground truth of 96 columns for as many of them, and give their stamps."""
    from sfnet_ros.bags.messages import COMPRESSED_IMAGE, label_message
    from sfnet_ros.bags.read import Bag
    from sfnet_ros.bags.topics import LABEL_SPACE_NOTE
    from sfnet_ros.bags.write import new_bag

    with Bag(bag) as source, new_bag(copy, {LABEL_SPACE_NOTE: 'camvid'}) as sink:
        entries = list(source.messages(IMAGE_TOPIC))
        for entry in entries:
            sink.add(IMAGE_TOPIC, COMPRESSED_IMAGE, entry.message)
        for entry, height in zip(entries, heights, strict=False):
            truth = label_message(np.ones((height, 96), np.uint8), entry.stamp_ns, 'camera')
            sink.add(LABEL_TOPIC, COMPRESSED_IMAGE, truth)
    return [entry.stamp_ns for entry in entries]


def test_truth_of_another_aspect_is_none_and_counted(bag: Path, small_model: Path, tmp_path: Path) -> None:
    stamps_ns = with_truths(bag, tmp_path / 'odd', 64, 48, 64, 32, 64)
    document, page, _ = evaluate(tmp_path / 'odd', small_model, tmp_path)
    assert (document['frames'], document['scored_frames']) == (FRAMES, 3)
    (warning,) = [warning for warning in document['warnings'] if 'aspect:' in warning]
    assert warning.endswith(
        f'their ground truth on {LABEL_TOPIC} is of another aspect: 2 '
        f'(the first: {stamps_ns[1]} ns: 48x96 of a frame of 64x96)'
    )
    assert warning in page.text


def test_parts_count_truth_of_another_aspect_as_the_whole_does(bag: Path, segmenter: Segmenter, tmp_path: Path) -> None:
    with_truths(bag, tmp_path / 'odd', 64, 48, 64, 32, 64)
    whole = evaluate_frames(tmp_path / 'odd', IMAGE_TOPIC, LABEL_TOPIC, segmenter)
    merged, other = (
        evaluate_frames(tmp_path / 'odd', IMAGE_TOPIC, LABEL_TOPIC, segmenter, start, stop, sampling=Sampling())
        for start, stop in ((0, 2), (2, None))
    )
    merged.merge(other)
    assert merged.warnings == whole.warnings
    assert len(whole.warnings) == 1


def test_truth_that_never_fits_is_a_sentence(
    bag: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_truths(bag, tmp_path / 'odd', *[48] * FRAMES)
    scores = tmp_path / 'scores.json'
    assert main(['bag', 'evaluate', str(tmp_path / 'odd'), '--model', str(small_model), '--json', str(scores)]) == 1
    said = capsys.readouterr().err
    assert f'is of another aspect: {FRAMES} (the first: ' in said
    assert 'none fits its frame: name the topic of their ground truth with --truth' in said
    assert not scores.exists()


def test_outputs_that_cannot_be_are_a_sentence_before_any_work(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(bag.iterdir())
    for arguments, sentence in (
        (['--out', str(bag)], 'is a recording, or within one, and is left as it is'),
        (['--json', str(tmp_path)], 'is a folder, and a file is accepted there'),
        (['--topic', '/up', '--out', str(tmp_path / 'a.html')], 'has no image topic /up'),
    ):
        assert main(['bag', 'evaluate', str(bag), *arguments]) == 1
        assert sentence in capsys.readouterr().err
    assert sorted(bag.iterdir()) == before


@pytest.mark.browser
def test_page_is_whole_in_a_browser(bag: Path, small_model: Path, tmp_path: Path) -> None:
    import subprocess

    _, _, text = evaluate(bag, small_model, tmp_path)
    # Looks at what the browser made of the page once all is loaded, and notes it in the title.
    script = (
        'addEventListener("load", async () => { const v = document.querySelector("video");'
        ' await v.play().catch(() => 0);'
        ' const bad = [...document.images].filter(i => !i.naturalWidth).length;'
        ' document.title = `bad ${bad} video ${v.videoWidth} svg ${document.querySelectorAll("svg").length}`; })'
    )
    probe = tmp_path / 'probe.html'
    probe.write_text(text.replace('</body>', f'<script>{script}</script></body>'), encoding='utf-8')
    command = ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=10000', '--dump-dom']
    done = subprocess.run([*command, probe.as_uri()], capture_output=True, text=True, timeout=100, check=True)
    title = re.search(r'<title>(.*?)</title>', done.stdout)
    assert title is not None
    assert title[1].startswith('bad 0 video 96 svg ')
    assert int(title[1].split()[-1]) >= 7
