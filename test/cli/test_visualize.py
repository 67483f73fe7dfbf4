from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.cli import main

_CLIP = Path(__file__).parents[1] / 'data' / 'camvid_0016E5'


class Page(HTMLParser):
    """Collect pictures and headings, and make sure that nothing comes from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.open = {}, []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert tag not in ('script', 'link')
        if tag == 'img':
            kind, _, data = attributes['src'].partition(';base64,')
            assert kind == 'data:image/png'
            picture = cv2.imdecode(np.frombuffer(base64.b64decode(data, validate=True), np.uint8), cv2.IMREAD_COLOR)
            self.pictures.setdefault(attributes['alt'], []).append(picture[..., ::-1])
        elif tag != 'meta':
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def camvid(tmp_path):
    random = np.random.default_rng(0)
    for folder in ('val', 'valannot'):
        (tmp_path / folder).mkdir()
    for index in range(3):
        frame = cv2.resize(random.integers(0, 256, (6, 8, 3)).astype(np.uint8), (128, 96))
        cv2.imwrite(str(tmp_path / 'val' / f'0016E5_{index}.png'), frame)
        cv2.imwrite(str(tmp_path / 'valannot' / f'0016E5_{index}.png'), np.full((96, 128), 3, np.uint8))
    return tmp_path


def test_a_page_shows_flow_features_and_errors_of_two_models(camvid, small_model, tmp_path, capsys):
    out = tmp_path / 'page.html'
    other = tmp_path / '<other>'
    other.symlink_to(small_model)
    command = [
        'visualize',
        '--data',
        str(camvid),
        '--frames',
        '2',
        '--model',
        str(small_model),
        '--against',
        str(other),
    ]
    assert main([*command, '--out', str(out)]) == 0
    assert '2 pictures' in capsys.readouterr().out
    page = Page(out.read_text())
    names = list(page.pictures)
    assert len(page.pictures['frame']) == 2
    assert {picture.shape for pictures in page.pictures.values() for picture in pictures} == {(360, 480, 3)}
    # Truth is road all over.
    assert np.unique(page.pictures['truth'][0].reshape(-1, 3), axis=0).tolist() == [[128, 64, 128]]
    # The models' labels stand beside each other, and so do their errors.
    kinds = [name.split(' of ')[0] for name in names if ' of ' in name and not name.startswith('flow')]
    assert kinds[:4] == ['labels', 'labels', 'errors', 'errors']
    assert sum(len(pictures) for name, pictures in page.pictures.items() if name.startswith('flow, ')) == 2 * 2 * 2
    # A network that was never trained flows nowhere.
    assert all(np.all(picture == 255) for name in names if name.startswith('flow, ') for picture in page.pictures[name])


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ([], 'name pictures, or a data set by --data, and not both'),
        (['absent.png'], 'picture absent.png cannot be read'),
        (['absent.png', '--out', '.'], 'visualize: . is a folder, and a file is accepted there'),
        (['--data', 'nowhere'], 'does not exist'),
        (['--data', 'nowhere', '--frames', '0'], '--frames is 0'),
    ],
)
def test_wrong_arguments_end_in_a_sentence_and_no_page(tmp_path, small_model, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(['visualize', '--model', str(small_model), *arguments]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / 'visualized.html').exists()
