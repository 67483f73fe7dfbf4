from __future__ import annotations

import zipfile

import cv2
import numpy as np
import pytest

from sfnet_ros.evaluation.submission import new_submission
from sfnet_ros.labels import LabelSpace

CITYSCAPES = LabelSpace.load('cityscapes')
NAME = 'berlin_000000_000019'


def test_label_maps_come_back_out_of_the_zip_as_label_ids(tmp_path):
    label_map = np.arange(4 * 5, dtype=np.uint8).reshape(4, 5) % 19
    label_map[0, 0] = 255
    with new_submission(tmp_path / 'test.zip', CITYSCAPES) as submission:
        submission.add(NAME, label_map)
    with zipfile.ZipFile(tmp_path / 'test.zip') as archive:
        assert archive.namelist() == [f'{NAME}_pred.png']
        ids = cv2.imdecode(np.frombuffer(archive.read(f'{NAME}_pred.png'), np.uint8), cv2.IMREAD_UNCHANGED)
    assert ids.shape == (4, 5)
    assert ids[0, :3].tolist() == [0, 8, 11]
    assert np.array_equal(CITYSCAPES.to_train_ids(ids), label_map)


def test_nothing_is_left_of_a_submission_that_fails(tmp_path):
    with (
        pytest.raises(ValueError, match='frame_1 is no picture of Cityscapes'),
        new_submission(tmp_path / 'test.zip', CITYSCAPES) as submission,
    ):
        submission.add('frame_1', np.zeros((4, 5), np.uint8))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=r'is no \.zip'), new_submission(tmp_path / 'test.tar', CITYSCAPES):
        pass
