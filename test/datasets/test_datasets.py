from __future__ import annotations

import cv2
import numpy as np
import pytest

from sfnet_ros.datasets import open_dataset
from sfnet_ros.labels import LabelSpace

CAMVID = LabelSpace.load('camvid')


def open_camvid(root, split='train', **drives):
    return open_dataset('camvid', root, split, CAMVID, **drives)


def open_folder(root):
    return open_dataset('folder', root, '', CAMVID)


@pytest.fixture
def camvid(tmp_path, write_pair):
    for name, label in (('0001TP_006690', 3), ('0006R0_f00930', 8), ('0016E5_08159', 11)):
        write_pair(tmp_path / 'train', tmp_path / 'trainannot', name, label)
    return tmp_path


def test_pictures_are_rgb_and_void_becomes_255(camvid):
    samples = list(open_camvid(camvid))
    assert [sample.name for sample in samples] == ['0001TP_006690', '0006R0_f00930', '0016E5_08159']
    assert samples[0].image[0, 0].tolist() == [30, 20, 10]
    assert [int(sample.target[0, 0]) for sample in samples] == [3, 8, 255]


def test_drives_can_be_held_out_and_chosen(camvid):
    assert open_camvid(camvid, exclude_drives=['0006R0']).names == ['0001TP_006690', '0016E5_08159']
    assert open_camvid(camvid, drives=['0006R0']).names == ['0006R0_f00930']
    with pytest.raises(ValueError, match="drive '0006' is not in train; its drives are 0001TP, 0006R0, 0016E5"):
        open_camvid(camvid, drives=['0006'])


@pytest.mark.parametrize('suffix', ['.webp', '.jpg', '.PNG'])
def test_a_picture_is_found_by_its_stem_whatever_its_format(tmp_path, write_pair, suffix):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a', suffix=suffix)
    assert len(open_folder(tmp_path)) == 1


def test_a_split_is_a_folder_of_a_plain_data_set(tmp_path, write_pair):
    write_pair(tmp_path / 'val' / 'images', tmp_path / 'val' / 'labels', 'a')
    assert open_dataset('folder', tmp_path, 'val', CAMVID).names == ['a']


def test_what_is_missing_is_said_before_anything_is_read(tmp_path, write_pair):
    with pytest.raises(FileNotFoundError, match=r'train does not exist'):
        open_camvid(tmp_path)
    (tmp_path / 'images').mkdir()
    (tmp_path / 'labels').mkdir()
    with pytest.raises(ValueError, match='holds no pictures'):
        open_folder(tmp_path)
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'b')
    (tmp_path / 'labels' / 'b.png').unlink()
    with pytest.raises(ValueError, match=r'1 of 2 pictures have no label map: .*b\.png; add'):
        open_folder(tmp_path)


def test_label_maps_without_a_picture_are_told_and_left_out(tmp_path, write_pair, caplog):
    for name in 'ab':
        write_pair(tmp_path / 'images', tmp_path / 'labels', name)
    (tmp_path / 'images' / 'b.png').unlink()
    assert open_folder(tmp_path).names == ['a']
    assert '1 of 2 label maps have no picture: ' in caplog.text
    assert 'b.png' in caplog.text


def test_a_damaged_picture_and_a_wrong_label_map_are_refused_with_their_path(tmp_path, write_pair):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    (tmp_path / 'images' / 'a.png').write_bytes(b'torn')
    with pytest.raises(ValueError, match=r'a\.png cannot be read'):
        open_folder(tmp_path)[0]
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    for wrong, sentence in {
        'torn': r'label map .*a\.png cannot be read',
        'narrow': r'label map .*a\.png is 4x5, but its picture .*a\.png is 4x6',
        'colored': r'label map .*a\.png is a picture of mode RGB; accepted is one byte a pixel',
        'deep': r'label map .*a\.png is a picture of mode I;16; accepted is one byte a pixel',
    }.items():
        path = tmp_path / 'labels' / 'a.png'
        shapes = {'narrow': (4, 5), 'colored': (4, 6, 3)}
        cv2.imwrite(str(path), np.zeros(shapes.get(wrong, (4, 6)), np.uint16 if wrong == 'deep' else np.uint8))
        if wrong == 'torn':
            path.write_bytes(path.read_bytes()[:40])
        with pytest.raises(ValueError, match=sentence):
            open_folder(tmp_path)[0]


@pytest.mark.parametrize('share', [0.3, 0.9, 0.999])
def test_a_jpeg_that_ends_too_early_is_refused_though_decoders_fill_it_up(tmp_path, write_pair, share):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a', size=(60, 80), suffix='.jpg')
    path = tmp_path / 'images' / 'a.jpg'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))
    whole = path.read_bytes()
    # As cameras do: a small picture in the header, which is whole, and something behind the end.
    _, thumbnail = cv2.imencode('.jpg', np.zeros((8, 8, 3), np.uint8))
    header = b'\xff\xe1' + (len(thumbnail) + 2).to_bytes(2, 'big') + thumbnail.tobytes()
    whole = whole[:2] + header + whole[2:]
    path.write_bytes(whole + bytes(8))
    assert open_folder(tmp_path)[0].image.shape == (60, 80, 3)
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r'picture .*a\.jpg cannot be read'):
        open_folder(tmp_path)[0]


def test_a_picture_lies_under_its_labels_whatever_its_exif_says(tmp_path, write_pair):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    frame = np.zeros((16, 16, 3), np.uint8)
    frame[:8] = 255
    _, jpeg = cv2.imencode('.jpg', frame)
    # An APP1 segment that says "turned by 180 degrees", after the start marker.
    exif = b'Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0'
    segment = b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif
    (tmp_path / 'images' / 'a.png').unlink()
    (tmp_path / 'images' / 'a.jpg').write_bytes(jpeg.tobytes()[:2] + segment + jpeg.tobytes()[2:])
    cv2.imwrite(str(tmp_path / 'labels' / 'a.png'), np.zeros((16, 16), np.uint8))
    image = open_folder(tmp_path)[0].image
    assert image[0].mean() > 200
    assert image[-1].mean() < 50


def test_two_pictures_of_one_name_are_refused(tmp_path, write_pair):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a', suffix='.jpg')
    with pytest.raises(ValueError, match=r'a\.jpg and .*a\.png have one name'):
        open_folder(tmp_path)


def test_unknown_layouts_splits_and_foreign_classes_are_refused(camvid, write_pair):
    with pytest.raises(ValueError, match="layout 'kitti' is not one of ade20k, bdd100k, camvid"):
        open_dataset('kitti', camvid, 'train', CAMVID)
    with pytest.raises(ValueError, match="split 'trian' is not one of train, val, test"):
        open_dataset('camvid', camvid, 'trian', CAMVID)
    with pytest.raises(ValueError, match=r'CamVid .* is labelled in the classes of camvid, not of cityscapes'):
        open_dataset('camvid', camvid, 'train', LabelSpace.load('cityscapes'))
    write_pair(camvid / 'images', camvid / 'labels', 'a')
    with pytest.raises(ValueError, match='layout folder knows no drives'):
        open_dataset('folder', camvid, '', CAMVID, ['0006R0'])
