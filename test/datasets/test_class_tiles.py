from __future__ import annotations

import cv2
import numpy as np
import pytest

from sfnet_ros.datasets import open_dataset
from sfnet_ros.datasets.class_tiles import ClassTiles, draw_epoch, find_class_tiles, load_class_tiles
from sfnet_ros.labels import LabelSpace


@pytest.fixture
def dataset(tmp_path, write_pair, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    for name in ('a', 'b'):
        write_pair(tmp_path / 'images', tmp_path / 'labels', name, label=11, size=(4, 6))
    target = np.full((4, 6), 3, np.uint8)
    target[1:3, 4:] = 10  # rows 1 and 2, columns 4 and 5: two tiles of 2 px, one above the other
    cv2.imwrite(str(tmp_path / 'labels' / 'b.png'), target)
    return open_dataset('folder', tmp_path, '', LabelSpace.load('camvid'))


def rows_of(tiles):
    columns = tiles.train_id, tiles.index, tiles.row, tiles.column
    return [tuple(int(value) for value in row) for row in zip(*columns, strict=True)]


def test_a_class_is_found_at_its_centroid_in_each_tile_and_void_is_no_class(dataset):
    whole = rows_of(find_class_tiles(dataset, 1024))
    # 20 pixels of class 3: rows sum to 36 - 6, columns to 60 - 18.
    assert whole == [(3, 1, 1, 2), (10, 1, 1, 4)]
    tiles = rows_of(find_class_tiles(dataset, 2))
    assert [tile for tile in tiles if tile[0] == 10] == [(10, 1, 1, 4), (10, 1, 2, 4)]
    assert len(tiles) == 8


def test_what_was_found_is_kept_until_a_label_map_changes(dataset, tmp_path):
    first = load_class_tiles(dataset, 2)
    assert rows_of(load_class_tiles(dataset, 2, progress=lambda _: pytest.fail('read again'))) == rows_of(first)
    (kept,) = (tmp_path / 'cache' / 'sfnet_ros' / 'class_tiles').iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    assert rows_of(load_class_tiles(dataset, 2)) == rows_of(first)
    cv2.imwrite(str(tmp_path / 'labels' / 'a.png'), np.full((4, 6), 0, np.uint8))
    assert len(rows_of(load_class_tiles(dataset, 2))) == len(rows_of(first)) + 6


def test_half_an_epoch_is_drawn_evenly_over_the_classes():
    # Class 0 is in 90 tiles, class 1 in a single one.
    tiles = ClassTiles(*(np.array(column) for column in ([0] * 90 + [1], [*range(90), 7], [5] * 91, [*range(91)])))
    draws = draw_epoch(tiles, 100, 0.5, np.random.default_rng(0))
    assert len(draws) == 100
    centers = [draw for draw in draws if draw.center is not None]
    assert len(centers) == 50
    assert sum(draw.center == (5, 90) and draw.index == 7 for draw in centers) == 25
    anywhere = [draw.index for draw in draws if draw.center is None]
    assert len(set(anywhere)) == 50
    assert draws == draw_epoch(tiles, 100, 0.5, np.random.default_rng(0))
    assert draws != draw_epoch(tiles, 100, 0.5, np.random.default_rng(1))


def test_without_a_share_every_picture_comes_once():
    nothing = ClassTiles(*(np.empty(0, np.int64) for _ in range(4)))
    assert sorted(draw.index for draw in draw_epoch(nothing, 10, 0.0, np.random.default_rng(0))) == list(range(10))
