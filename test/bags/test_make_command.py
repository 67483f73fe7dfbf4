from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_SPACE_NOTE
from sfnet_ros.bags.read import Bag
from sfnet_ros.cli import main


@pytest.fixture
def camvid(tmp_path: Path) -> Path:
    root = tmp_path / 'camvid'
    for folder in ('val', 'valannot'):
        (root / folder).mkdir(parents=True)
    for name in ('0016E5_07961', '0016E5_07959', '0001TP_00010'):
        cv2.imwrite(str(root / 'val' / f'{name}.png'), np.zeros((12, 16, 3), np.uint8))
        cv2.imwrite(str(root / 'valannot' / f'{name}.png'), np.full((12, 16), 11, np.uint8))
    return root


def test_a_drive_becomes_a_bag(camvid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / 'bag'
    arguments = ['bag', 'make', '--camvid', str(camvid), '--drive', '0016E5', '--rate', '10', '--out', str(out)]
    assert main(arguments) == 0
    assert f'{out}: 2 frames at 10 Hz' in capsys.readouterr().out
    with Bag(out) as bag:
        first, second = bag.messages(IMAGE_TOPIC)
        assert second.stamp_ns - first.stamp_ns == 100_000_000
        assert bag.notes == {LABEL_SPACE_NOTE: 'camvid'}
    assert main(arguments) == 1
    assert 'exists already and is left as it is: choose another name' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--drive', '0006R0'], "drive '0006R0' is not in val; its drives are 0001TP, 0016E5"),
        (['--split', 'dev'], "split 'dev' is not one of"),
        (['--rate', '-1'], 'a rate of -1.0 frames per second is not'),
        (['--jpeg-quality', '0'], 'a JPEG quality of 0 is not from 1 to 100'),
    ],
)
def test_wrong_arguments_are_a_sentence_and_leave_nothing(
    arguments: list[str], sentence: str, camvid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['bag', 'make', '--camvid', str(camvid), '--out', str(tmp_path / 'bag'), *arguments]) == 1
    assert sentence in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['camvid']
