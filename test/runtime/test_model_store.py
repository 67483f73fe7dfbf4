"""Models in their folders: found by name, whole or refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.runtime import ModelManifest, find_model, list_models, load_manifest, load_model, save_model
from sfnet_ros.runtime.manifest import save_manifest

_CONFIG = SFNetConfig('df1', num_classes=11)
_MANIFEST = ModelManifest('any', 'camvid', _CONFIG, 352)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in $SFNET_MODELS."""
    folder = tmp_path / 'store'
    folder.mkdir()
    monkeypatch.setenv('SFNET_MODELS', str(folder))
    return folder


def _user_folder(home: Path) -> Path:
    return home / '.local' / 'share' / 'sfnet_ros' / 'models'


def test_weights_come_back_as_they_were_saved(small_model: Path) -> None:
    model, manifest = load_model(small_model)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = create_model(_CONFIG).state_dict()
    state = model.state_dict()
    assert all(torch.equal(state[name], tensor.half().to(tensor.dtype)) for name, tensor in expected.items())
    assert not model.training
    assert manifest == load_manifest(small_model)


def test_a_model_is_found_by_name_and_by_path(store: Path, small_model: Path) -> None:
    shutil.copytree(small_model, store / 'mine')
    assert find_model('mine') == store / 'mine'
    assert find_model(store / 'mine') == store / 'mine'
    assert find_model(str(small_model)) == small_model


def test_the_folders_are_searched_in_order(
    private_home: Path, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = _user_folder(private_home)
    try:
        for folder in (tmp_path / 'first', tmp_path / 'second', user):
            shutil.copytree(small_model, folder / 'mine')
        monkeypatch.setenv('SFNET_MODELS', f'{tmp_path / "first"}:{tmp_path / "second"}')
        assert find_model('mine') == tmp_path / 'first' / 'mine'
        shutil.rmtree(tmp_path / 'first')
        assert find_model('mine') == tmp_path / 'second' / 'mine'
        monkeypatch.delenv('SFNET_MODELS')
        assert find_model('mine') == user / 'mine'
        assert [folder for folder in list_models() if folder.name == 'mine'] == [user / 'mine']
    finally:
        shutil.rmtree(user)


@pytest.mark.parametrize('missing', ['model.yaml', 'weights.safetensors'])
def test_a_torn_folder_does_not_hide_a_whole_one_of_its_name(
    missing: str, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ('torn', 'whole'):
        shutil.copytree(small_model, tmp_path / folder / 'mine')
    (tmp_path / 'torn' / 'mine' / missing).unlink()
    monkeypatch.setenv('SFNET_MODELS', f'{tmp_path / "torn"}:{tmp_path / "whole"}')
    assert find_model('mine') == tmp_path / 'whole' / 'mine'
    assert [folder for folder in list_models() if folder.name == 'mine'] == [tmp_path / 'whole' / 'mine']


def test_no_name_is_no_model_even_inside_a_models_folder(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small_model)
    with pytest.raises(ValueError, match="model '' was not found; known are"):
        find_model('')
    assert find_model('.') == Path()


def test_models_are_listed_once_and_unfinished_ones_not(store: Path, small_model: Path) -> None:
    for name in ('b', 'a', '.a.1234'):
        shutil.copytree(small_model, store / name)
    (store / 'empty').mkdir()
    assert [folder for folder in list_models() if folder.parent == store] == [store / 'a', store / 'b']


@pytest.mark.parametrize('name', ['nonsense', '../store/mine', 'mine/../mine/.', '', '.', '..', 'a b', '/nowhere'])
def test_a_name_that_is_none_is_refused(store: Path, small_model: Path, name: str) -> None:
    shutil.copytree(small_model, store / 'mine')
    with pytest.raises(ValueError, match=r'was not found; known are .*mine|has no model\.yaml'):
        find_model(name) and load_model(name)


def test_a_folder_without_a_manifest_is_incomplete(store: Path, small_model: Path) -> None:
    shutil.copytree(small_model, store / 'torn')
    (store / 'torn' / 'model.yaml').unlink()
    with pytest.raises(ValueError, match=r'torn has no model\.yaml: it is incomplete'):
        load_model('torn')
    with pytest.raises(ValueError, match=r'torn has no model\.yaml: it is incomplete'):
        load_model(store / 'torn')


def test_a_folder_without_weights_is_incomplete(store: Path, small_model: Path) -> None:
    shutil.copytree(small_model, store / 'torn')
    (store / 'torn' / 'weights.safetensors').unlink()
    with pytest.raises(ValueError, match=r'torn has no weights\.safetensors: it is incomplete'):
        load_model('torn')


@pytest.mark.parametrize('damage', ['cut', 'changed'])
def test_weights_that_are_not_the_manifests_are_refused(store: Path, small_model: Path, damage: str) -> None:
    shutil.copytree(small_model, store / 'mine')
    weights = store / 'mine' / 'weights.safetensors'
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data[: len(data) // 2] if damage == 'cut' else data)
    with pytest.raises(ValueError, match='are not those that the manifest names'):
        load_model('mine')


def test_weights_of_another_network_are_refused(store: Path, small_model: Path) -> None:
    shutil.copytree(small_model, store / 'mine')
    manifest = load_manifest(store / 'mine')
    other = SFNetConfig('df1', num_classes=11, finest_stride=8)
    save_manifest(store / 'mine', replace(manifest, network=other))
    with pytest.raises(ValueError, match='do not fit wholly and nothing was loaded'):
        load_model('mine')


def test_a_model_of_another_label_space_is_refused(store: Path, small_model: Path) -> None:
    shutil.copytree(small_model, store / 'mine')
    save_manifest(store / 'mine', replace(load_manifest(store / 'mine'), label_space='cityscapes'))
    with pytest.raises(ValueError, match='gives 11 classes, but label space cityscapes has 19'):
        load_model('mine')


def test_a_model_is_written_over_only_when_asked(store: Path) -> None:
    model = create_model(_CONFIG)
    first = save_model(store / 'mine', model, _MANIFEST)
    with pytest.raises(ValueError, match='exists already'):
        save_model(store / 'mine', create_model(_CONFIG), _MANIFEST)
    assert load_manifest(store / 'mine') == first
    second = save_model(store / 'mine', create_model(_CONFIG), _MANIFEST, overwrite=True)
    assert load_model('mine')[1] == second
    assert first.weights_sha256 != second.weights_sha256
    assert [path.name for path in store.iterdir()] == ['mine']


def test_a_folder_that_is_no_model_is_never_written_over(store: Path) -> None:
    (store / 'mine').mkdir()
    (store / 'mine' / 'thesis.tex').touch()
    with pytest.raises(ValueError, match='is no model, so it is not overwritten'):
        save_model(store / 'mine', create_model(_CONFIG), _MANIFEST, overwrite=True)
    assert (store / 'mine' / 'thesis.tex').exists()


def test_a_save_that_fails_leaves_nothing_behind(store: Path) -> None:
    model = create_model(_CONFIG)
    # safetensors cannot hold it.
    model.register_buffer('odd', torch.zeros(3, dtype=torch.complex128).to_sparse())
    with pytest.raises((ValueError, RuntimeError, NotImplementedError)):
        save_model(store / 'mine', model, _MANIFEST)
    assert list(store.iterdir()) == []


@pytest.mark.parametrize('name', ['.hidden', '-x', 'a b', 'ä'])
def test_a_folder_name_that_cannot_be_a_models_name_is_refused(store: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r'model name .* is not accepted'):
        save_model(store / name, create_model(_CONFIG), _MANIFEST)


def test_auxiliary_heads_are_left_out(store: Path) -> None:
    config = replace(_CONFIG, aux_heads=True)
    save_model(store / 'mine', create_model(config), replace(_MANIFEST, network=config))
    model, manifest = load_model('mine')
    assert not manifest.network.aux_heads
    assert len(model.aux_heads) == 0
