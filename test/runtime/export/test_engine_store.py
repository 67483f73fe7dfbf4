"""Engines are found again for what they were built for, and for nothing else."""

from __future__ import annotations

import json
import logging
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sfnet_ros.runtime.export.engine_store import EngineKey, EngineStore

KEY = EngineKey('NVIDIA H100 80GB HBM3', '9.0', '11.4.0', 'ab' * 32, (1, 352, 480), 'float16')


@pytest.fixture
def store(tmp_path: Path) -> EngineStore:
    return EngineStore(tmp_path / 'engines')


def test_an_engine_is_found_by_its_key_also_after_a_restart(store: EngineStore) -> None:
    assert store.load(KEY) is None
    store.save(KEY, b'engine')
    assert EngineStore(store.folder).load(replace(KEY)) == b'engine'


@pytest.mark.parametrize(
    'other',
    [
        {'gpu': 'NVIDIA H200'},
        {'compute_capability': '12.0'},
        {'tensorrt': '11.5.0'},
        {'graph_sha256': 'cd' * 32},
        {'graph_sha256': 'ab' * 31 + 'cd'},
        {'shape': (2, 352, 480)},
        {'shape': (1, 480, 352)},
        {'precision': 'float32'},
    ],
    ids=str,
)
def test_no_engine_is_reused_for_another_key(store: EngineStore, other: dict[str, Any]) -> None:
    store.save(KEY, b'engine')
    assert store.load(replace(KEY, **other)) is None
    assert store.load(KEY) == b'engine'


def test_an_engine_takes_the_place_of_the_one_before_an_update(
    store: EngineStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(KEY, b'old')
    updated = replace(KEY, tensorrt='11.5.0')
    with caplog.at_level(logging.INFO):
        assert store.load(updated) is None
    assert 'is of another tensorrt' in caplog.text
    store.save(updated, b'new')
    assert (store.load(updated), store.load(KEY)) == (b'new', None)
    assert sorted(file.suffix for file in store.folder.iterdir()) == ['.engine', '.json']


def test_gpus_do_not_take_each_others_place(store: EngineStore) -> None:
    other = replace(KEY, gpu='NVIDIA H200')
    store.save(KEY, b'one')
    store.save(other, b'other')
    assert (store.load(KEY), store.load(other)) == (b'one', b'other')


def test_the_sidecar_tells_what_an_engine_is_for(store: EngineStore) -> None:
    store.save(KEY, b'engine')
    engine_file = store.path(KEY)
    content = json.loads(engine_file.with_suffix('.json').read_text())
    assert content['gpu'] == 'NVIDIA H100 80GB HBM3'
    assert content['shape'] == [1, 352, 480]


def test_it_is_known_whether_there_is_an_engine_of_any_shape(store: EngineStore) -> None:
    assert not store.holds_any(KEY)
    store.save(KEY, b'engine')
    other_shape = replace(KEY, shape=(4, 1024, 2048))
    assert store.holds_any(other_shape)
    for other in ({'gpu': 'NVIDIA H200'}, {'tensorrt': '11.5.0'}, {'graph_sha256': 'cd' * 32}, {'precision': 'int8'}):
        assert not store.holds_any(replace(other_shape, **other))
    for file in store.folder.glob('*.json'):
        file.write_text('{"shape": 1}')
    assert not store.holds_any(KEY)


def test_a_damaged_engine_is_none(store: EngineStore) -> None:
    store.save(KEY, b'engine')
    engine_file = store.path(KEY)
    engine_file.write_bytes(b'engin')
    assert store.load(KEY) is None


@pytest.mark.parametrize('sidecar', [b'{', b'[]', b'{}', b'\xff', b'null'])
def test_a_sidecar_that_is_none_is_passed_over(store: EngineStore, sidecar: bytes) -> None:
    store.save(KEY, b'engine')
    engine_file = store.path(KEY)
    engine_file.with_suffix('.json').write_bytes(sidecar)
    assert store.load(KEY) is None


def test_files_are_the_users_own(store: EngineStore) -> None:
    store.save(KEY, b'engine')
    engine_file = store.path(KEY)
    files = (store.folder, engine_file, engine_file.with_suffix('.json'))
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o700, 0o600, 0o600]


@pytest.mark.parametrize('suffix', ['', '.engine', '.json'])
def test_what_others_may_write_is_not_loaded(store: EngineStore, suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    store.save(KEY, b'engine')
    engine_file = store.path(KEY)
    opened = engine_file.with_suffix(suffix) if suffix else store.folder
    opened.chmod(opened.stat().st_mode | stat.S_IWOTH)
    assert store.load(KEY) is None
    assert f'{opened} may be written by others' in caplog.text


def test_a_removed_engine_is_gone(store: EngineStore) -> None:
    store.save(KEY, b'engine')
    store.remove(KEY)
    store.remove(KEY)
    assert store.load(KEY) is None
    assert list(store.folder.iterdir()) == []


def test_engines_lie_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert EngineStore().folder == tmp_path / 'sfnet_ros' / 'engines'
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    assert EngineStore().folder == tmp_path / 'home' / '.cache' / 'sfnet_ros' / 'engines'
