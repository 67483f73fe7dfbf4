"""Which of the shipped models a backbone stands for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sfnet_ros.ros.segmentation.model_choice import choose_model


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models that an installation brings."""
    share = tmp_path / 'share' / 'sfnet_ros'
    (share / 'models').mkdir(parents=True)
    (share / 'package.xml').touch()
    monkeypatch.setattr('sfnet_ros.ros.segmentation.model_choice.share_folders', lambda: (share,))
    return share / 'models'


def test_a_backbone_is_served_past_leftovers_and_torn_folders(shipped: Path, small_model: Path) -> None:
    for name in ('.small.ab12.old', 'a_torn_one', 'empty', 'small'):
        shutil.copytree(small_model, shipped / name)
    (shipped / 'a_torn_one' / 'model.yaml').write_text('label_space: [')
    (shipped / 'empty' / 'model.yaml').unlink()
    assert choose_model('', 'df1') == shipped / 'small'


def test_a_backbone_that_none_has_names_what_there_is_and_what_is_wrong(shipped: Path, small_model: Path) -> None:
    for name in ('a_torn_one', 'small'):
        shutil.copytree(small_model, shipped / name)
    (shipped / 'a_torn_one' / 'model.yaml').write_text('label_space: [')
    sentence = r"backbone 'df2'; shipped are df1 \(small\); .*; passed over: manifest .*a_torn_one/model.yaml"
    with pytest.raises(ValueError, match=sentence):
        choose_model('', 'df2')
