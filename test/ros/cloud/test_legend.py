"""What labels stand for, from JSON and from label spaces."""

from __future__ import annotations

import json

import pytest

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.cloud.legend import Entry, entries_of, make_legend, read_entries

ROAD = {'id': 7, 'name': 'road', 'color': [1, 2, 3], 'drivable': True, 'obstacle': False, 'dynamic': False}
CAR = {'id': 26, 'name': 'car', 'color': [0, 0, 142], 'drivable': False, 'obstacle': True, 'dynamic': True}


def text(*classes: object) -> str:
    return json.dumps({'model': 'm', 'label_space': 's', 'ids': 'dataset', 'classes': classes, 'unlabelled': 255})


def test_a_legend_says_for_every_label_what_it_is() -> None:
    legend = make_legend(read_entries(text(ROAD, CAR)), (), ())
    assert legend.is_class.nonzero()[0].tolist() == [7, 26]
    assert legend.is_drivable.nonzero()[0].tolist() == [7]
    assert legend.is_obstacle.nonzero()[0].tolist() == [26]
    assert (legend.colors[7], legend.colors[26], legend.colors[255]) == (0x010203, 0x00008E, 0)


def test_parameters_win_over_the_roles_of_the_legend() -> None:
    legend = make_legend(read_entries(text(ROAD, CAR)), ('car',), ('road',))
    assert (legend.is_drivable[26], legend.is_drivable[7], legend.is_obstacle[7]) == (True, False, True)


def test_a_label_space_gives_its_train_ids() -> None:
    legend = make_legend(entries_of(LabelSpace.load('camvid')), (), ())
    assert legend.is_class.sum() == 11
    assert legend.is_drivable.nonzero()[0].tolist() == [3]


@pytest.mark.parametrize(
    ('wanted', 'sentence'),
    [
        ('Car', "parameter obstacle_classes names 'Car', which is no class of the labels; did you mean 'car'?"),
        ('xyz', 'classes are road, car'),
    ],
)
def test_a_class_that_there_is_not_is_refused_with_the_nearest(wanted: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make_legend(read_entries(text(ROAD, CAR)), (), (wanted,))


@pytest.mark.parametrize(
    ('legend', 'sentence'),
    [
        ('{', 'the legend is not JSON'),
        ('[' * 100_000, 'the legend is not JSON'),
        ('[]', 'no list of classes'),
        ('{"classes": []}', 'no list of classes'),
        (text('road'), 'a class that is no mapping'),
        (text({**ROAD, 'id': '7'}), 'a class without id, name and color'),
        (text({**ROAD, 'color': 'red'}), 'a class without id, name and color'),
        (text({**ROAD, 'id': 255}), "class 'road' has id 255; 0 to 254 are accepted"),
        (text({**ROAD, 'color': [0, 0, 256]}), 'three numbers from 0 to 255'),
        (text(ROAD, {**CAR, 'id': 7}), 'two classes with id 7'),
        (' ' * 2_000_000, 'no list of classes'),
    ],
)
def test_what_is_no_legend_is_refused(legend: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_entries(legend)


def test_an_entry_holds_no_negative_id() -> None:
    with pytest.raises(ValueError, match='has id -1'):
        Entry(-1, 'x', (0, 0, 0))
