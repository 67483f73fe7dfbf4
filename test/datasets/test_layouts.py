"""Every layout, on a small copy of a data set as it is published."""

from __future__ import annotations

import json
import struct
import zlib
from collections import Counter

import cv2
import numpy as np
import pytest
from PIL import Image

from sfnet_ros.datasets import LAYOUTS, open_dataset
from sfnet_ros.datasets.camvid import segnet_split
from sfnet_ros.datasets.check import layouts_at, splits_at
from sfnet_ros.datasets.idd_polygons import cityscapes_ids, level_3_ids
from sfnet_ros.datasets.mapillary import cityscapes_class
from sfnet_ros.labels import LabelSpace

_SIZE = (4, 6)
_CITY = 'aachen/aachen_000000_000019'


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*_SIZE, 3), (10, 20, 30), np.uint8))


def label_map(path, values, palette=False):
    """Write a label map whose first pixels have these values; the rest has the last of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = np.full(_SIZE, values[-1], np.uint8)
    ids.flat[: len(values)] = values
    image = Image.fromarray(ids)
    if palette:
        image = image.convert('L')
        image.putpalette([(7 * channel) % 256 for channel in range(768)])
    image.save(path)


def cityscapes(root, kind='gtFine', split='train', frames='leftImg8bit'):
    picture(root / frames / split / f'{_CITY}_leftImg8bit.png')
    label_map(root / kind / split / f'{_CITY}_{kind}_labelIds.png', [7, 33, 9, 26])
    # They lie beside the label ids, and are not to be taken for them.
    label_map(root / kind / split / f'{_CITY}_{kind}_instanceIds.png', [1])
    picture(root / kind / split / f'{_CITY}_{kind}_color.png')


def cityscapes_sequence(root):
    cityscapes(root, frames='leftImg8bit_sequence')
    picture(root / 'leftImg8bit_sequence' / 'train' / 'aachen' / 'aachen_000000_000020_leftImg8bit.png')


def mapillary(root, labels='labels', config='config.json', names=()):
    picture(root / 'training' / 'images' / 'a-b_1.jpg')
    label_map(root / 'training' / labels / 'a-b_1.png', [0, 1, 2, 3], palette=True)
    document = {'labels': [{'name': name, 'evaluate': True, 'color': [0, 0, 0]} for name in names]}
    (root / config).write_text(json.dumps(document))


def mapillary_1(root):
    names = [
        'construction--flat--road',
        'object--vehicle--bicycle',
        'construction--flat--parking',
        'object--vehicle--car',
    ]
    mapillary(root, names=names)


def mapillary_2(root):
    names = [
        'marking--discrete--arrow--left',
        'object--vehicle--bicycle',
        'object--traffic-sign--back',
        'object--vehicle--car',
    ]
    mapillary(root, 'v2.0/labels', 'config_v2.0.json', names)


def bdd100k(root):
    picture(root / 'images' / '10k' / 'train' / '0a0a.jpg')
    label_map(root / 'labels' / 'sem_seg' / 'masks' / 'train' / '0a0a.png', [0, 18, 255, 13])


def bdd100k_former(root, folder='seg'):
    picture(root / folder / 'images' / 'train' / '0a0a.jpg')
    label_map(root / folder / 'labels' / 'train' / '0a0a_train_id.png', [0, 18, 255, 13])


def idd(root, ending='labelcsTrainIds', values=(0, 18, 255, 13)):
    picture(root / 'leftImg8bit' / 'train' / '201' / 'frame0029_leftImg8bit.jpg')
    label_map(root / 'gtFine' / 'train' / '201' / f'frame0029_gtFine_{ending}.png', values)


def idd_polygons(root):
    picture(root / 'leftImg8bit' / 'train' / '201' / 'frame0029_leftImg8bit.jpg')

    def column(x, name, **more):
        return {'label': name, 'polygon': [[x, 0.0], [x, 3.0], [x, 1.5]], **more}

    objects = [
        {'label': 'car', 'polygon': [[0, 0], [5, 0], [5, 3], [0, 3]], 'deleted': 0},
        column(0, 'roadgroup'),
        column(1, 'bicycle'),
        column(2, 'license plate'),
        column(3, 'bus', deleted=1),
        column(3, 'spaceship'),
        {'label': 'bus', 'polygon': [[3, 0], [3, 3]]},
    ]
    labels = root / 'gtFine' / 'train' / '201' / 'frame0029_gtFine_polygons.json'
    labels.parent.mkdir(parents=True)
    labels.write_text(json.dumps({'imgHeight': _SIZE[0], 'imgWidth': _SIZE[1], 'objects': objects}))


def camvid(root):
    picture(root / 'train' / '0006R0_f00930.png')
    label_map(root / 'trainannot' / '0006R0_f00930.png', [3, 10, 11, 8])


def camvid_full(root, listing='/SegNet/train/0006R0_f00930.png /SegNet/trainannot/0006R0_f00930.png\n'):
    picture(root / '701_StillsRaw_full' / '0006R0_f00930.png')
    picture(root / '701_StillsRaw_full' / ('0006R0_f00960.png' if listing else '0016E5_07959.png'))
    colors = np.full((*_SIZE, 3), (64, 0, 128), np.uint8)
    # A lane's marking is road, a scooter a bicyclist; the third is void.
    colors[0, :3] = (128, 0, 192), (192, 0, 192), (0, 0, 0)
    (root / 'LabeledApproved_full').mkdir()
    Image.fromarray(colors).save(root / 'LabeledApproved_full' / '0006R0_f00930_L.png')
    if listing:
        (root / 'train.txt').write_text(listing)


def ade20k(root):
    picture(root / 'images' / 'training' / 'ADE_train_00000001.jpg')
    label_map(root / 'annotations' / 'training' / 'ADE_train_00000001.png', [1, 150, 0, 21])


def pascal_context(root):
    picture(root / 'JPEGImages' / '2008_000002.jpg')
    picture(root / 'JPEGImages' / '2008_000003.jpg')
    label_map(root / 'SegmentationClassContext' / '2008_000002.png', [1, 59, 0, 14], palette=True)
    listing = root / 'ImageSets' / 'SegmentationContext' / 'train.txt'
    listing.parent.mkdir(parents=True)
    listing.write_text('2008_000002\n')


def mat_file(matrix, name='LabelMap', number=4, shape=None):
    """Give a MAT-file of level 5 with a matrix, as MATLAB's compressed default."""

    def element(kind, data):
        return struct.pack('<II', kind, len(data)) + data + bytes(-len(data) % 8)

    parts = [
        element(6, struct.pack('<II', 11, 0)),
        element(5, struct.pack('<ii', *(shape or matrix.shape))),
        element(1, name.encode()),
        element(number, matrix.astype('<f8' if number == 9 else '<u2').tobytes(order='F')),
    ]
    packed = zlib.compress(element(14, b''.join(parts)))
    return b'MATLAB 5.0 MAT-file'.ljust(124) + b'\x00\x01IM' + struct.pack('<II', 15, len(packed)) + packed


def pascal_context_published(root):
    picture(root / 'JPEGImages' / '2008_000002.jpg')
    ids = np.full(_SIZE, 59)
    ids[0, :3] = 2, 458, 3
    annotation = root / 'trainval' / '2008_000002.mat'
    annotation.parent.mkdir()
    annotation.write_bytes(mat_file(ids))
    listing = root / 'ImageSets' / 'Main' / 'train.txt'
    listing.parent.mkdir(parents=True)
    listing.write_text('2008_000002\n')


def folder(root):
    picture(root / 'train' / 'images' / 'a.png')
    label_map(root / 'train' / 'labels' / 'a.png', [3, 10, 11, 8])


# Layout, what writes it, label space, name of the one picture, and the train ids of its first pixels.
CASES = {
    'ade20k': ('ade20k', ade20k, 'ade20k', 'ADE_train_00000001', [0, 149, 255, 20]),
    'bdd100k': ('bdd100k', bdd100k, 'cityscapes', '0a0a', [0, 18, 255, 13]),
    'bdd100k, former': ('bdd100k', bdd100k_former, 'cityscapes', '0a0a', [0, 18, 255, 13]),
    'bdd100k, seg alone': ('bdd100k', lambda root: bdd100k_former(root, ''), 'cityscapes', '0a0a', [0, 18, 255, 13]),
    'camvid': ('camvid', camvid, 'camvid', '0006R0_f00930', [3, 10, 255, 8]),
    'camvid_full': ('camvid_full', camvid_full, 'camvid', '0006R0_f00930', [3, 10, 255, 8]),
    'camvid_full, the SegNet split': (
        'camvid_full',
        lambda root: camvid_full(root, ''),
        'camvid',
        '0006R0_f00930',
        [3, 10, 255, 8],
    ),
    'cityscapes': ('cityscapes', cityscapes, 'cityscapes', 'aachen_000000_000019', [0, 18, 255, 13]),
    'coarse': (
        'cityscapes_coarse',
        lambda root: cityscapes(root, 'gtCoarse'),
        'cityscapes',
        'aachen_000000_000019',
        [0, 18, 255, 13],
    ),
    'sequence': ('cityscapes_sequence', cityscapes_sequence, 'cityscapes', 'aachen_000000_000019', [0, 18, 255, 13]),
    'folder': ('folder', folder, 'camvid', 'a', [3, 10, 255, 8]),
    'idd as cityscapes': ('idd', idd, 'cityscapes', '201_frame0029', [0, 18, 255, 13]),
    'idd': ('idd', lambda root: idd(root, 'labellevel3Ids', [0, 7, 255, 9]), 'idd', '201_frame0029', [0, 7, 255, 9]),
    'idd, polygons': ('idd', idd_polygons, 'idd', '201_frame0029', [0, 7, 255, 9]),
    'idd, polygons as cityscapes': ('idd', idd_polygons, 'cityscapes', '201_frame0029', [0, 18, 255, 13]),
    'mapillary as cityscapes': ('mapillary', mapillary_1, 'cityscapes', 'a-b_1', [0, 18, 255, 13]),
    'mapillary': ('mapillary', mapillary_1, 'mapillary', 'a-b_1', [0, 1, 2, 3]),
    'mapillary 2.0': ('mapillary_2', mapillary_2, 'cityscapes', 'a-b_1', [0, 18, 255, 13]),
    'pascal_context': ('pascal_context', pascal_context, 'pascal_context', '2008_000002', [0, 58, 255, 13]),
    'pascal_context, MAT-files': (
        'pascal_context',
        pascal_context_published,
        'pascal_context',
        '2008_000002',
        [0, 58, 255, 13],
    ),
    'with background': ('pascal_context', pascal_context, 'pascal_context60', '2008_000002', [1, 59, 0, 14]),
}


def test_every_layout_has_its_small_copy():
    assert {layout for layout, *_ in CASES.values()} == LAYOUTS.keys()


@pytest.mark.parametrize(('layout', 'write', 'label_space', 'name', 'train_ids'), CASES.values(), ids=CASES.keys())
def test_a_data_set_is_read_as_it_is_published(tmp_path, layout, write, label_space, name, train_ids):
    write(tmp_path)
    sample, *others = open_dataset(layout, tmp_path, 'train', LabelSpace.load(label_space))
    assert others == []
    assert sample.name == name
    assert sample.image.shape == (*_SIZE, 3)
    assert np.abs(sample.image[0, 0].astype(int) - (30, 20, 10)).max() <= 2
    assert sample.target.ravel()[:4].tolist() == train_ids


@pytest.mark.parametrize(('layout', 'write'), [case[:2] for case in CASES.values()], ids=CASES.keys())
def test_a_layout_is_told_from_its_folders(tmp_path, layout, write):
    write(tmp_path)
    assert layouts_at(tmp_path) == [layout]
    assert 'train' in splits_at(tmp_path, layout)


def test_cities_are_held_out_as_drives_are(tmp_path):
    cityscapes(tmp_path)
    picture(tmp_path / 'leftImg8bit' / 'train' / 'bochum' / 'bochum_000000_000313_leftImg8bit.png')
    label_map(tmp_path / 'gtFine' / 'train' / 'bochum' / 'bochum_000000_000313_gtFine_labelIds.png', [7])
    space = LabelSpace.load('cityscapes')
    assert open_dataset('cityscapes', tmp_path, 'train', space).drives == ['aachen', 'bochum']
    assert open_dataset('cityscapes', tmp_path, 'train', space, exclude_drives=['aachen']).names == [
        'bochum_000000_000313'
    ]


def test_label_ids_of_ones_own_classes_pass_and_those_of_another_data_set_do_not(tmp_path):
    cityscapes(tmp_path)
    (tmp_path / 'mine.yaml').write_text(
        'classes:\n'
        '- {name: ground, color: [1, 2, 3], label_ids: [7, 8]}\n'
        '- {name: thing, color: [4, 5, 6], label_ids: [26]}\n'
    )
    (sample,) = open_dataset('cityscapes', tmp_path, 'train', LabelSpace.load(tmp_path / 'mine.yaml'))
    assert sample.target.ravel()[:4].tolist() == [0, 255, 255, 1]
    with pytest.raises(ValueError, match='labelled in the classes of cityscapes, not of camvid'):
        open_dataset('cityscapes', tmp_path, 'train', LabelSpace.load('camvid'))


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('object--traffic-light--pedestrians', 'traffic light'),
        ('object--traffic-sign--front', 'traffic sign'),
        ('object--traffic-sign--back', ''),
        ('object--traffic-sign--direction-back', ''),
        ('object--traffic-sign--temporary-back', ''),
        ('object--traffic-sign--temporary-front', 'traffic sign'),
        ('marking-only--continuous--dashed', 'road'),
        ('construction--flat--roadblock', ''),
        ('human--person--individual', 'person'),
        ('void--unlabeled', ''),
    ],
)
def test_a_class_of_mapillary_goes_to_the_nearest_of_cityscapes(name, expected):
    assert cityscapes_class(name) == expected


@pytest.mark.parametrize(
    ('name', 'level_3', 'cityscapes_id'),
    [
        ('parking', 1, 0),
        ('rail track', 3, 0),
        ('non-drivable fallback', 3, 22),
        ('animal', 4, 0),
        ('train', 12, 31),
        ('polegroup', 20, 0),
        ('obs-str-bar-fallback', 21, 0),
        ('tunnel', 23, 0),
        ('fallback background', 25, 0),
        ('sky', 25, 23),
        ('out of roi', 255, 0),
    ],
)
def test_what_is_drawn_in_india_belongs_to_a_class(name, level_3, cityscapes_id):
    assert (level_3_ids()[name], cityscapes_ids()[name]) == (level_3, cityscapes_id)


def annotation(corner=0, name='car'):
    objects = [{'label': name, 'polygon': [[corner, 0], [5, 0], [5, 3]]}]
    return json.dumps({'imgHeight': _SIZE[0], 'imgWidth': _SIZE[1], 'objects': objects})


@pytest.mark.parametrize(
    'content',
    [
        '{',
        '[]',
        '{"imgHeight": 4, "imgWidth": 6}',
        '{"imgHeight": -4, "imgWidth": -6, "objects": []}',
        '[' * 10000,
        annotation(10**400),
        annotation(float('nan')),
        annotation(name=None),
        annotation(name=[]),
    ],
)
def test_polygons_that_cannot_be_read_are_named(tmp_path, content):
    idd_polygons(tmp_path)
    next(tmp_path.rglob('*.json')).write_text(content)
    with pytest.raises(ValueError, match=r'frame0029_gtFine_polygons\.json cannot be read'):
        list(open_dataset('idd', tmp_path, 'train', LabelSpace.load('idd')))


def test_every_class_that_mapillary_is_mapped_by_is_one_of_cityscapes():
    names = {cityscapes_class(name) for name in LabelSpace.load('mapillary').names} - {''}
    assert names == set(LabelSpace.load('cityscapes').names)


def test_what_a_layout_needs_and_lacks_is_said(tmp_path):
    space = LabelSpace.load('cityscapes')
    mapillary_1(tmp_path)
    (tmp_path / 'config.json').write_text('{"labels": [1]}')
    with pytest.raises(ValueError, match=r'config\.json is not the config of Mapillary Vistas'):
        open_dataset('mapillary', tmp_path, 'train', space)
    (tmp_path / 'config.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'config\.json does not exist; it comes with the data set'):
        open_dataset('mapillary', tmp_path, 'train', space)
    pascal_context(tmp_path)
    (tmp_path / 'ImageSets' / 'SegmentationContext' / 'train.txt').unlink()
    with pytest.raises(FileNotFoundError, match='lists the pictures of the split'):
        open_dataset('pascal_context', tmp_path, 'train', LabelSpace.load('pascal_context'))
    with pytest.raises(FileNotFoundError, match='with sequences in it does not exist'):
        open_dataset('idd', tmp_path, 'train', space)
    with pytest.raises(ValueError, match="split 'training' is not one of train, val"):
        open_dataset('mapillary', tmp_path, 'training', space)


@pytest.mark.parametrize(
    ('content', 'fault'),
    [
        (b'', 'no MAT-file of level 5 with LabelMap'),
        (b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM' + bytes(1 << 16), 'no MAT-file of level 5 with LabelMap'),
        (mat_file(np.ones((4, 6)))[:-9], 'cannot be read'),
        (mat_file(np.ones((4, 6)), 'LabelMaq'), 'cannot be read'),
        (mat_file(np.full((4, 6), 460)), 'no map of the classes'),
        (mat_file(np.full((4, 6), 1.5), number=9), 'no map of the classes'),
        (mat_file(np.full((4, 6), np.nan), number=9), 'no map of the classes'),
        (mat_file(np.ones((4, 6)), shape=(-1, 6)), 'cannot be read'),
    ],
)
def test_annotations_that_cannot_be_read_are_named(tmp_path, content, fault):
    pascal_context_published(tmp_path)
    next(tmp_path.rglob('*.mat')).write_bytes(content)
    with pytest.raises(ValueError, match=rf'label file .*2008_000002\.mat.*{fault}'):
        list(open_dataset('pascal_context', tmp_path, 'train', LabelSpace.load('pascal_context')))


def test_a_matrix_is_found_behind_others(tmp_path):
    pascal_context_published(tmp_path)
    path = next(tmp_path.rglob('*.mat'))
    path.write_bytes(mat_file(np.ones((2, 2)), 'other', number=99) + path.read_bytes()[128:])
    (sample,) = open_dataset('pascal_context', tmp_path, 'train', LabelSpace.load('pascal_context'))
    assert sample.target[0, :3].tolist() == [0, 58, 255]


@pytest.mark.parametrize('layout', ['camvid_full', 'pascal_context'])
def test_pictures_of_other_splits_are_not_missed_where_a_file_lists_each_split(tmp_path, caplog, layout):
    _, write, space, name, _ = CASES[layout]
    write(tmp_path)
    listing, *_ = tmp_path.rglob('train.txt')
    other = next(path for path in tmp_path.rglob('*.*') if path.stem in ('0006R0_f00960', '2008_000003'))
    labels, *_ = tmp_path.rglob(f'{name}*.png') if layout == 'pascal_context' else tmp_path.rglob('*_L.png')
    labels.with_name(labels.name.replace(name, other.stem)).write_bytes(labels.read_bytes())
    assert open_dataset(layout, tmp_path, 'train', LabelSpace.load(space)).names == [name]
    assert not caplog.records
    listing.write_text(f'{name}\n{name}_gone\n')
    with pytest.raises(ValueError, match=f'lists 1 pictures that are not there: {name}_gone'):
        open_dataset(layout, tmp_path, 'train', LabelSpace.load(space))


@pytest.mark.parametrize(
    ('drive', 'frames', 'splits'),
    [
        ('0001TP', range(6690, 10381, 30), {'train': 62, 'test': 62}),
        ('0006R0', range(930, 3931, 30), {'train': 101}),
        ('0016E5', range(7959, 8160, 2), {'val': 101}),
        ('0016E5', (390, 7920, 8190, 8640), {'train': 4}),
        ('Seq05VD', range(0, 5101, 30), {'test': 171}),
        ('other', range(3), {'': 3}),
    ],
)
def test_the_segnet_split_is_known_by_the_frames(drive, frames, splits):
    assert Counter(segnet_split(f'{drive}_{frame:05d}') for frame in frames) == splits


def test_a_split_without_a_list_is_not_the_segnet_one_where_another_split_has_a_list(tmp_path):
    camvid_full(tmp_path)
    picture(tmp_path / '701_StillsRaw_full' / '0016E5_07959.png')
    with pytest.raises(FileNotFoundError, match=r'val\.txt does not exist'):
        open_dataset('camvid_full', tmp_path, 'val', LabelSpace.load('camvid'))


def test_a_listing_of_camvid_that_is_empty_is_refused(tmp_path):
    camvid_full(tmp_path)
    (tmp_path / 'train.txt').write_text('')
    with pytest.raises(ValueError, match=r'train\.txt lists no pictures'):
        open_dataset('camvid_full', tmp_path, 'train', LabelSpace.load('camvid'))
