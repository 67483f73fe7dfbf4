from __future__ import annotations

import cv2
import numpy as np
import pytest

from sfnet_ros.datasets import CamVid, ImageFolder, open_dataset
from sfnet_ros.labels import LabelSpace

CAMVID = LabelSpace.load('camvid')


@pytest.fixture
def camvid(tmp_path, write_pair):
    for name, label in (('0001TP_006690', 3), ('0006R0_f00930', 8), ('0016E5_08159', 11)):
        write_pair(tmp_path / 'train', tmp_path / 'trainannot', name, label)
    return tmp_path


def test_pictures_are_rgb_and_void_becomes_255(camvid):
    samples = list(CamVid(camvid, 'train'))
    assert [sample.name for sample in samples] == ['0001TP_006690', '0006R0_f00930', '0016E5_08159']
    assert samples[0].image[0, 0].tolist() == [30, 20, 10]
    assert [int(sample.target[0, 0]) for sample in samples] == [3, 8, 255]


def test_drives_can_be_held_out_and_chosen(camvid):
    assert CamVid(camvid, 'train', exclude_drives=['0006R0']).names == ['0001TP_006690', '0016E5_08159']
    assert CamVid(camvid, 'train', drives=['0006R0']).names == ['0006R0_f00930']
    with pytest.raises(ValueError, match="drive '0006' is not in train; its drives are 0001TP, 0006R0, 0016E5"):
        CamVid(camvid, 'train', drives=['0006'])


@pytest.mark.parametrize('suffix', ['.webp', '.jpg', '.PNG'])
def test_a_picture_is_found_by_its_stem_whatever_its_format(tmp_path, write_pair, suffix):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a', suffix=suffix)
    assert len(ImageFolder(tmp_path, CAMVID)) == 1


def test_a_split_is_a_folder_of_a_plain_data_set(tmp_path, write_pair):
    write_pair(tmp_path / 'val' / 'images', tmp_path / 'val' / 'labels', 'a')
    assert open_dataset('folder', tmp_path, 'val', CAMVID).names == ['a']


def test_what_is_missing_is_said_before_anything_is_read(tmp_path, write_pair):
    with pytest.raises(FileNotFoundError, match=r'train does not exist'):
        CamVid(tmp_path, 'train')
    (tmp_path / 'images').mkdir()
    (tmp_path / 'labels').mkdir()
    with pytest.raises(ValueError, match='holds no pictures'):
        ImageFolder(tmp_path, CAMVID)
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'b')
    (tmp_path / 'labels' / 'b.png').unlink()
    with pytest.raises(ValueError, match=r'1 of 2 pictures in .* have no label map .*, the first of them b'):
        ImageFolder(tmp_path, CAMVID)


def test_a_damaged_picture_and_a_wrong_label_map_are_refused_with_their_path(tmp_path, write_pair):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    (tmp_path / 'images' / 'a.png').write_bytes(b'torn')
    with pytest.raises(ValueError, match=r'a\.png cannot be read'):
        ImageFolder(tmp_path, CAMVID)[0]
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    for wrong in (np.zeros((4, 5), np.uint8), np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), np.uint16)):
        cv2.imwrite(str(tmp_path / 'labels' / 'a.png'), wrong)
        with pytest.raises(ValueError, match=r'a\.png is uint(8|16) of shape .*accepted is uint8 of shape \(4, 6\)'):
            ImageFolder(tmp_path, CAMVID)[0]


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
    image = ImageFolder(tmp_path, CAMVID)[0].image
    assert image[0].mean() > 200
    assert image[-1].mean() < 50


def test_two_pictures_of_one_name_are_refused(tmp_path, write_pair):
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a')
    write_pair(tmp_path / 'images', tmp_path / 'labels', 'a', suffix='.jpg')
    with pytest.raises(ValueError, match=r'a\.jpg and .*a\.png have one name'):
        ImageFolder(tmp_path, CAMVID)


def test_unknown_layouts_splits_and_foreign_classes_are_refused(camvid):
    with pytest.raises(ValueError, match="layout 'kitti' is not one of camvid, folder"):
        open_dataset('kitti', camvid, 'train', CAMVID)
    with pytest.raises(ValueError, match="split 'trian' is not one of train, val, test"):
        open_dataset('camvid', camvid, 'trian', CAMVID)
    with pytest.raises(ValueError, match='not of cityscapes'):
        open_dataset('camvid', camvid, 'train', LabelSpace.load('cityscapes'))
    with pytest.raises(ValueError, match='drives are known in the layout camvid only'):
        open_dataset('folder', camvid, '', CAMVID, ['0006R0'])
