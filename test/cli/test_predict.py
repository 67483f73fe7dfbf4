"""`sfnet predict`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.cli import main
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import colorize, legend, overlay
from sfnet_ros.runtime import Segmenter


def _write(path: Path, seed: int = 0) -> Path:
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), blocks.repeat(16, axis=0).repeat(16, axis=1))
    return path


def _predict(small_model: Path, out: Path, *paths: Path) -> int:
    return main(['predict', *map(str, paths), '--model', str(small_model), '--out', str(out)])


def _written(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def _rgb(path: Path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1]


def test_a_picture_gives_labels_colours_and_an_overlay_with_a_legend(
    tmp_path: Path, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, out = _write(tmp_path / 'street.png'), tmp_path / 'new' / 'out'
    assert _predict(small_model, out, picture) == 0
    assert capsys.readouterr().out == f'small on torch/cpu/float32: 1 of 1 pictures segmented, in {out}\n'
    assert _written(out) == ['street_color.png', 'street_label.png', 'street_overlay.png']

    space, rgb = LabelSpace.load('camvid'), np.ascontiguousarray(_rgb(picture))
    expected = Segmenter.from_model(small_model, device='cpu')(rgb).label_map
    label_map = cv2.imread(str(out / 'street_label.png'), cv2.IMREAD_UNCHANGED)
    assert len(np.unique(expected)) > 1
    assert np.array_equal(label_map, expected)
    assert np.array_equal(_rgb(out / 'street_color.png'), colorize(expected, space))
    drawn = _rgb(out / 'street_overlay.png')
    assert np.array_equal(drawn[:80, :112], overlay(rgb, expected, space))
    assert np.array_equal(drawn[:, 112:], legend(space))


def test_folders_are_opened_and_each_picture_is_done_once(tmp_path: Path, small_model: Path) -> None:
    for name in ('a.png', 'b.JPG', 'notes.txt', 'deeper/c.png'):
        _write(tmp_path / 'drive' / name) if name != 'notes.txt' else (tmp_path / 'drive' / name).touch()
    assert _predict(small_model, tmp_path / 'out', tmp_path / 'drive', tmp_path / 'drive' / 'a.png') == 0
    assert {name.rpartition('_')[0] for name in _written(tmp_path / 'out')} == {'a', 'b'}


def test_pictures_of_one_stem_do_not_write_over_one_another(tmp_path: Path, small_model: Path) -> None:
    pictures = [_write(tmp_path / name, seed) for seed, name in enumerate(['a.png', 'x/a.png', 'y/a.jpg', 'y/a_2.png'])]
    assert _predict(small_model, tmp_path / 'out', *pictures) == 0
    assert {name.rpartition('_')[0] for name in _written(tmp_path / 'out')} == {'a', 'a_2', 'a_3', 'a_4'}
    own = cv2.imread(str(tmp_path / 'out' / 'a_2_label.png'), cv2.IMREAD_UNCHANGED)
    segmenter = Segmenter.from_model(small_model, device='cpu')
    assert np.array_equal(own, segmenter(np.ascontiguousarray(_rgb(tmp_path / 'y' / 'a_2.png'))).label_map)


def test_unreadable_pictures_are_named_after_the_others_are_done(
    tmp_path: Path, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, empty, text = _write(tmp_path / 'good.png'), tmp_path / 'empty.png', tmp_path / 'text.png'
    empty.touch()
    text.write_text('no picture')
    assert _predict(small_model, tmp_path / 'out', empty, tmp_path / 'nowhere.png', text, good) == 1
    assert 'good_label.png' in _written(tmp_path / 'out')
    names = ', '.join(str(path) for path in (empty, tmp_path / 'nowhere.png', text))
    assert capsys.readouterr().err.endswith(f'sfnet predict: 3 of 4 pictures could not be read: {names}\n')


def test_inputs_are_never_written_over(tmp_path: Path, small_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path / 'a.png')
    truth = _write(tmp_path / 'a_label.png')
    before = truth.read_bytes()
    assert _predict(small_model, tmp_path, tmp_path) == 1
    assert 'a_label.png would be written over, and it is one of the pictures' in capsys.readouterr().err
    assert truth.read_bytes() == before


def test_the_networks_size_and_precision_can_be_chosen(tmp_path: Path, small_model: Path) -> None:
    picture = _write(tmp_path / 'a.png')
    options = ['--input-size', '160x224', '--precision', 'bfloat16', '--device', 'cpu', '--backend', 'torch']
    assert main(['predict', str(picture), '--model', str(small_model), '--out', str(tmp_path / 'out'), *options]) == 0
    segmenter = Segmenter.from_model(small_model, device='cpu', precision='bfloat16', input_hw=(160, 224))
    expected = segmenter(np.ascontiguousarray(_rgb(picture))).label_map
    label_map = cv2.imread(str(tmp_path / 'out' / 'a_label.png'), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(label_map, expected)


@pytest.mark.parametrize(
    ('option', 'value', 'sentence'),
    [
        ('--model', 'nonsense', "model 'nonsense' was not found"),
        ('--input-size', 'big', "--input-size 'big' is not accepted"),
        ('--device', 'cuda:99', "device 'cuda:99' was asked for"),
        ('--precision', 'int4', "precision 'int4' is not there"),
        ('--backend', 'tensorflow', "backend 'tensorflow' is not known"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    option: str, value: str, sentence: str, tmp_path: Path, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ['predict', str(_write(tmp_path / 'a.png')), '--out', str(tmp_path / 'out'), option, value]
    assert main([*arguments, *([] if option == '--model' else ['--model', str(small_model)])]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f'sfnet predict: {sentence}')
    assert not (tmp_path / 'out').exists()
