"""The manifest of a model: a round trip, and what a mistaken one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sfnet_ros.network import SFNetConfig
from sfnet_ros.runtime import ModelManifest, SplitScores, load_manifest, save_manifest

_SHA256 = '0123456789abcdef' * 4


def _manifest(**changes: Any) -> ModelManifest:
    fields = {
        'name': 'mine',
        'label_space': 'camvid',
        'network': SFNetConfig('df1', num_classes=11, finest_stride=8),
        'network_short_side': 352,
        'weights_sha256': _SHA256,
    }
    return ModelManifest(**{**fields, **changes})


def _written(folder: Path, **changes: Any) -> Path:
    """Write a right manifest with some of its lines changed; None removes a line."""
    save_manifest(folder, _manifest())
    path = folder / 'model.yaml'
    content = {**yaml.safe_load(path.read_text()), **changes}
    path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
    return folder


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = _manifest(
        mean=(0.1, 0.2, 0.3),
        std=(1.0, 2.0, 3.0),
        temperature=1.5,
        data='CamVid, 367 frames',
        drives=('0001TP', '0016E5'),
        recipe='camvid_df1.yaml',
        commit='abc123',
        miou={'val': SplitScores(0.58, {'Road': 0.95, 'Pole': 0.2})},
        faithful=('torch/bfloat16',),
        licence_weights='CC BY-NC 4.0',
        licence_data='research – only',
        intended_use='demo',
        limits='daylight',
    )
    save_manifest(tmp_path / 'mine', manifest)
    assert load_manifest(tmp_path / 'mine') == manifest


def test_a_model_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_manifest(tmp_path / 'other', _manifest())
    assert load_manifest(tmp_path / 'other').name == 'other'
    monkeypatch.chdir(tmp_path / 'other')
    assert load_manifest(Path()).name == 'other'


def test_what_a_manifest_leaves_out_is_unknown_or_usual(tmp_path: Path) -> None:
    save_manifest(tmp_path, _manifest())
    manifest = load_manifest(_written(tmp_path, data=None, miou=None, mean=None, temperature=None, limits=None))
    assert (manifest.data, manifest.miou, manifest.temperature) == ('', {}, 1.0)
    assert manifest.mean == (0.485, 0.456, 0.406)


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'temprature': 1.0}, "unknown key 'temprature'; did you mean 'temperature'"),
        ({'network': {'backbone': 'df1', 'finest_strid': 8}}, "unknown key 'finest_strid'; did you mean 'finest_strid"),
        ({'network': {'backbone': 'df9'}}, "backbone 'df9' is not one of"),
        ({'network': None}, 'network is missing'),
        ({'label_space': None}, 'label_space is missing'),
        ({'network_short_side': None}, 'network_short_side is missing'),
        ({'network_short_side': 8}, 'network_short_side is 8; 32 to 2880 px'),
        ({'network_short_side': 2881}, 'network_short_side is 2881; 32 to 2880 px'),
        ({'network_short_side': '360'}, "network_short_side is '360'; int is accepted"),
        ({'temperature': 0}, 'temperature is 0.0; a number above 0'),
        ({'temperature': float('nan')}, 'temperature is nan'),
        ({'std': [0.2, 0.0, 0.2]}, r'std is \[0.2, 0.0, 0.2\]; numbers above 0'),
        ({'mean': [0.2, 0.2]}, 'mean has 2 entries; 3 are accepted'),
        ({'mean': [0.2, 0.2, float('inf')]}, 'mean is .*; finite numbers'),
        ({'miou': {'val': {'overall': 58.0}}}, 'overall is 58.0; an IoU from 0 to 1'),
        ({'miou': {'val': {'overall': 0.5, 'per_class': {'Road': -1}}}}, 'Road is -1.0; an IoU from 0 to 1'),
        ({'faithful': ['bfloat16']}, "faithful holds 'bfloat16'; pairs such as 'torch/bfloat16'"),
        ({'weights_sha256': 'abc'}, "weights_sha256 is 'abc'; 64 hexadecimal digits"),
        ({'weights_sha256': None}, 'has no weights_sha256, so its weights cannot be checked'),
        ({'name': 'mine'}, 'named after its folder; remove the key name'),
    ],
)
def test_a_mistaken_manifest_is_refused_in_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        load_manifest(_written(tmp_path, **changes))
    assert str(caught.value).count('model.yaml') == 1
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        (b'', 'a mapping of settings is accepted, not None'),
        (b'- 1', 'a mapping of settings is accepted'),
        (b'label_space: [', 'is not valid YAML'),
        (b'\xff\xfe\x00', 'is not valid YAML'),
        (b'!!python/object/apply:os.system [ls]', 'is not valid YAML'),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / 'model.yaml').write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as caught:
        load_manifest(tmp_path)
    assert '\n' not in str(caught.value)


def test_a_label_space_of_another_size_is_refused() -> None:
    assert _manifest().load_label_space().num_classes == 11
    with pytest.raises(ValueError, match='model mine gives 11 classes, but label space cityscapes has 19'):
        _manifest(label_space='cityscapes').load_label_space()
