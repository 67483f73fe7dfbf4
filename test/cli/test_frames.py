from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.cli import frames
from sfnet_ros.cli.frames import find_sample_clip, read_frames


def _write(path: Path, value: int) -> None:
    cv2.imwrite(str(path), np.full((4, 6, 3), value, np.uint8))


def test_pictures_are_spread_over_a_folder(tmp_path: Path) -> None:
    for value in range(10):
        _write(tmp_path / f'{value}.png', value)
    assert [int(rgb[0, 0, 0]) for rgb in read_frames(tmp_path, 3)] == [0, 3, 6]
    assert [int(rgb[0, 0, 0]) for rgb in read_frames(tmp_path, 99)] == list(range(10))
    assert read_frames(tmp_path, 1)[0].shape == (4, 6, 3)


def test_frames_are_spread_over_the_sample_clip() -> None:
    few = read_frames(find_sample_clip(), 3)
    assert [rgb.shape for rgb in few] == [(360, 480, 3)] * 3
    assert not np.array_equal(few[0], few[1])
    file = find_sample_clip() / 'camvid_0016E5.mcap'
    assert np.array_equal(read_frames(file, 3)[2], few[2])


def test_what_gives_no_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'folder .* holds no pictures'):
        read_frames(tmp_path, 3)
    (tmp_path / 'a.png').write_text('no picture')
    with pytest.raises(ValueError, match=r'picture .*a.png cannot be read; leave it out'):
        read_frames(tmp_path, 3)
    with pytest.raises(FileNotFoundError, match='there is no bag at'):
        read_frames(tmp_path / 'nowhere.mcap', 3)


def test_where_there_is_no_sample_clip_frames_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, 'share_folders', lambda: (tmp_path,))
    with pytest.raises(ValueError, match='give frames of your own with --frames, a folder of pictures or a bag'):
        find_sample_clip()
