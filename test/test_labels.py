"""Label spaces: the shipped ones, and what a mistaken file is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sfnet_ros.labels import LabelClass, LabelSpace

_ROAD = '{name: Road, color: [1, 2, 3], label_ids: [7]}'


def _write(folder: Path, text: str) -> Path:
    path = folder / 'mine.yaml'
    path.write_text(text, encoding='utf-8')
    return path


def test_camvid_has_the_classes_in_the_order_of_its_label_values() -> None:
    space = LabelSpace.load('camvid')
    assert space.name == 'camvid'
    assert space.names == (
        'Sky', 'Building', 'Pole', 'Road', 'Sidewalk', 'Tree', 'SignSymbol', 'Fence', 'Car', 'Pedestrian', 'Bicyclist',
    )  # fmt: skip
    assert space.palette[3].tolist() == [128, 64, 128]
    assert space.palette[11].tolist() == [0, 0, 0]
    assert space.palette[255].tolist() == [0, 0, 0]
    ids = np.arange(12, dtype=np.uint8)
    assert space.to_train_ids(ids).tolist() == [*range(11), 255]
    assert np.array_equal(space.to_label_ids(space.to_train_ids(ids)), ids)


def test_cityscapes_maps_the_34_official_ids() -> None:
    space = LabelSpace.load('cityscapes')
    covered = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert space.num_classes == 19
    assert space.to_train_ids(np.array(covered, np.uint8)).tolist() == list(range(19))
    assert sorted([*covered, *space.ignored_label_ids]) == list(range(34))
    assert set(space.to_train_ids(np.array(space.ignored_label_ids, np.uint8)).tolist()) == {255}
    assert space.to_label_ids(np.array([[0, 18], [255, 19]], np.uint8)).tolist() == [[7, 33], [0, 0]]
    assert space.palette[13].tolist() == [0, 0, 142]


@pytest.mark.parametrize(
    ('name', 'drivable', 'neither', 'dynamic'),
    [
        ('camvid', {'Road'}, {'Sky', 'Sidewalk'}, {'Car', 'Pedestrian', 'Bicyclist'}),
        (
            'cityscapes',
            {'road'},
            {'sky', 'sidewalk', 'terrain'},
            {'person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'},
        ),
    ],
)
def test_shipped_spaces_say_what_a_robot_may_drive_on(
    name: str, drivable: set[str], neither: set[str], dynamic: set[str]
) -> None:
    classes = LabelSpace.load(name).classes
    assert {item.name for item in classes if item.drivable} == drivable
    assert {item.name for item in classes if not item.drivable and not item.obstacle} == neither
    assert {item.name for item in classes if item.dynamic} == dynamic


def test_a_space_is_read_from_a_file_and_named_after_it(tmp_path: Path) -> None:
    space = LabelSpace.load(_write(tmp_path, f'classes: [{_ROAD}]'))
    assert space == LabelSpace('mine', (LabelClass('Road', (1, 2, 3), (7,)),))
    assert space.to_label_ids(np.array([0, 255], np.uint8)).tolist() == [7, 255]


def test_several_label_ids_may_share_a_class() -> None:
    space = LabelSpace('x', (LabelClass('a', (0, 0, 0), (4, 5)), LabelClass('b', (0, 0, 0), (1,))))
    assert space.to_train_ids(np.array([1, 4, 5, 6], np.uint8)).tolist() == [1, 0, 0, 255]
    assert space.to_label_ids(np.array([0, 1], np.uint8)).tolist() == [4, 1]


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        (f'clases: [{_ROAD}]', "unknown key 'clases'; did you mean 'classes'"),
        ('classes: [{name: Road, colour: [1, 2, 3], label_ids: [7]}]', "'colour'; did you mean 'color'"),
        ('classes: [{name: Road, color: [1, 2, 3]}]', 'class 0: label_ids is missing'),
        ('classes: [{name: Road, color: [1, 2, 256], label_ids: [7]}]', 'color is three integers from 0 to 255'),
        ('classes: [{name: Road, color: red, label_ids: [7]}]', "class 0: color is 'red'; a list is accepted"),
        ('classes: [{name: Road, color: [1, 2, 3], label_ids: [-1]}]', 'label_ids is one or more integers'),
        ('classes: [{name: Road, color: [1, 2, 3], label_ids: []}]', 'label_ids is one or more integers'),
        ('classes: [{name: 7, color: [1, 2, 3], label_ids: [7]}]', 'class 0: name is 7; str is accepted'),
        (
            'classes: [{name: R, color: [1, 2, 3], label_ids: [7], drivable: maybe}]',
            "class 0: drivable is 'maybe'; bool is accepted",
        ),
        ('classes: [{name: R, color: [1, 2, 3], label_ids: [7], drivable: on, obstacle: on}]', 'not both'),
        ("classes: [{name: ' ', color: [1, 2, 3], label_ids: [7]}]", 'the name of a class is empty'),
        (f'classes: [{_ROAD}, {_ROAD}]', "label id 7 stands twice: in 'Road' and in 'Road'"),
        (
            'classes: [{name: R, color: [1, 2, 3], label_ids: [1]}, {name: R, color: [1, 2, 3], label_ids: [2]}]',
            'twice',
        ),
        (f'classes: [{_ROAD}]\nignored_label_ids: [7]', r"label id 7 stands twice: in 'Road' and in '\(ignored\)'"),
        (f'classes: [{_ROAD}]\nignored_label_ids: [x]', 'ignored_label_ids are integers'),
        ('classes: []', '1 to 255 classes, not 0'),
        ('classes: [3]', 'class 0: a mapping of settings is accepted, not 3'),
        ('classes: 3', 'a label space is a mapping with a list of classes'),
        ('- 3', 'a label space is a mapping'),
        ('classes: [', 'is not valid YAML'),
    ],
)
def test_a_mistaken_file_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(ValueError, match=sentence) as caught:
        LabelSpace.load(path)
    assert 'mine.yaml' in str(caught.value)
    assert '\n' not in str(caught.value)


def test_256_classes_are_too_many() -> None:
    classes = tuple(LabelClass(str(i), (0, 0, 0), (i,)) for i in range(256))
    assert LabelSpace('x', classes[:255]).num_classes == 255
    with pytest.raises(ValueError, match='1 to 255 classes, not 256'):
        LabelSpace('x', classes)


@pytest.mark.parametrize('name', ['nonsense', '../labels/camvid', ''])
def test_an_unknown_name_is_told_which_spaces_exist(name: str) -> None:
    with pytest.raises(ValueError, match='known are ade20k, camvid, cityscapes'):
        LabelSpace.load(name)


def test_a_user_adds_a_label_space_and_changes_a_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path))
    folder = tmp_path / 'sfnet_ros' / 'labels'
    folder.mkdir(parents=True)
    for name in ('camvid', 'mine'):
        _write(folder, f'classes: [{_ROAD}]').rename(folder / f'{name}.yaml')
    assert {'camvid', 'cityscapes', 'mine'} <= set(LabelSpace.available())
    assert LabelSpace.load('mine').names == LabelSpace.load('camvid').names == ('Road',)
    assert LabelSpace.load('cityscapes').num_classes == 19


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'nowhere\.yaml does not exist'):
        LabelSpace.load(tmp_path / 'nowhere.yaml')


def test_only_uint8_label_maps_are_mapped() -> None:
    with pytest.raises(ValueError, match='uint8, not int64'):
        LabelSpace.load('camvid').to_train_ids(np.zeros((2, 2), np.int64))
