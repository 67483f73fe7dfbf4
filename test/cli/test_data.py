from __future__ import annotations

import cv2
import numpy as np
import pytest

from sfnet_ros.cli import main


@pytest.fixture
def camvid(tmp_path):
    for split in ('train', 'val'):
        for folder, value in ((split, 90), (f'{split}annot', 3)):
            (tmp_path / folder).mkdir()
            for name in ('0006R0_f00930', '0016E5_08159'):
                shape = (4, 6) if folder.endswith('annot') else (4, 6, 3)
                cv2.imwrite(str(tmp_path / folder / f'{name}.png'), np.full(shape, value, np.uint8))
    return tmp_path


def check(*arguments):
    return main(['data', 'check', *map(str, arguments)])


def test_a_whole_data_set_is_told_by_its_folders_and_passes(camvid, capsys):
    assert check(camvid) == 0
    out = capsys.readouterr().out
    assert 'layout camvid, read in the classes of camvid' in out
    assert out.count('2 pictures with label maps: 4x6 (2)') == 2
    assert '2 drives: 0006R0, 0016E5' in out
    assert 'Road 100.0' in out
    assert 'absent: folder' in out  # test, whose labels need not be there


def test_every_damaged_pair_is_named_before_any_training(camvid, capsys):
    (camvid / 'train' / '0006R0_f00930.png').write_bytes(b'torn')
    cv2.imwrite(str(camvid / 'trainannot' / '0016E5_08159.png'), np.zeros((4, 5), np.uint8))
    (camvid / 'valannot' / '0016E5_08159.png').unlink()
    assert check(camvid) == 1
    out, advice = capsys.readouterr()
    assert 'damaged: picture' in out
    assert '0016E5_08159.png is 4x5, but its picture' in out
    assert '1 of 2 pictures have no label map' in out
    assert '<split>annot/<drive>_<frame>.png' in advice


def test_a_split_that_was_asked_for_has_to_be_there(camvid):
    assert check(camvid, '--split', 'val') == 0
    assert check(camvid, '--split', 'test') == 1


def test_what_is_no_data_set_is_told_how_one_looks(tmp_path, capsys):
    assert check(tmp_path) == 1
    error = capsys.readouterr().err
    assert 'leftImg8bit/<split>/<city>' in error
    assert 'laid out like no data set that is known' in error
    assert check(tmp_path / 'absent') == 1
    assert 'does not exist' in capsys.readouterr().err


def test_a_data_set_inside_the_folder_that_was_given_is_named(camvid, capsys):
    inner = camvid / 'outer' / 'inner'
    inner.mkdir(parents=True)
    for folder in ('train', 'trainannot'):
        (camvid / folder).rename(inner / folder)
    assert check(inner.parent) == 1
    error = capsys.readouterr().err
    assert f'but {inner} like camvid; give that' in error
    assert len(error.splitlines()) == 1


def test_idd_is_read_in_the_classes_of_the_label_maps_that_are_there(tmp_path, capsys):
    for folder, file, shape in (
        ('leftImg8bit', 'frame0029_leftImg8bit', (4, 6, 3)),
        ('gtFine', 'frame0029_gtFine_labelcsTrainIds', (4, 6)),
    ):
        (tmp_path / folder / 'train' / '201').mkdir(parents=True)
        cv2.imwrite(str(tmp_path / folder / 'train' / '201' / f'{file}.png'), np.zeros(shape, np.uint8))
    assert check(tmp_path) == 0
    out = capsys.readouterr().out
    assert 'layout idd, read in the classes of cityscapes' in out
    assert '1 pictures with label maps: 4x6 (1)' in out
    assert check(tmp_path, '--label-space', 'idd') == 1
    assert 'gtFine/train/201 holds no files *_gtFine_polygons; accepted are .json' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--layout', 'kitti'], "layout 'kitti' is not one of ade20k"),
        (['--layout', 'folder'], 'name them by --label-space'),
        (['--label-space', 'cityscapes'], 'labelled in the classes of camvid, not of cityscapes'),
    ],
)
def test_wrong_arguments_end_in_a_sentence(camvid, capsys, arguments, sentence):
    assert check(camvid, *arguments) == 1
    assert sentence in ''.join(capsys.readouterr())
