"""The package finds its config and models wherever it lies; each layout is asked in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sfnet_ros
from sfnet_ros.runtime import load_model
from sfnet_ros.share import DEFAULT_MODEL, find_shared, share_folders, user_data_folder

SITE_PACKAGES = Path('lib/python3.12/site-packages')


def lay_out(site: Path, *shares: Path) -> None:
    """Put a copy of the package in ``site`` and the files that go with it in each of ``shares``."""
    site.joinpath('sfnet_ros').mkdir(parents=True)
    for name in ('__init__.py', 'share.py'):
        shutil.copy(Path(sfnet_ros.__file__).with_name(name), site / 'sfnet_ros' / name)
    for share in shares:
        share.joinpath('config').mkdir(parents=True)
        for name in ('package.xml', 'config/segment.yaml'):
            share.joinpath(name).touch()


def folders_seen_from(site: Path, ament_prefix_path: str = '') -> list[Path]:
    environment = os.environ | {'PYTHONPATH': str(site), 'AMENT_PREFIX_PATH': ament_prefix_path}
    program = 'from sfnet_ros.share import share_folders; [print(folder) for folder in share_folders()]'
    command = [sys.executable, '-c', program]
    # Run outside the checkout, whose package would be found first.
    answer = subprocess.run(command, env=environment, cwd=site, capture_output=True, text=True, timeout=100, check=True)
    return [Path(line) for line in answer.stdout.splitlines()]


def test_source_checkout_is_found() -> None:
    assert share_folders()[0] == Path(sfnet_ros.__file__).parents[1]


def test_share_folder_of_the_package_prefix_is_found(tmp_path: Path) -> None:
    lay_out(tmp_path / SITE_PACKAGES, tmp_path / 'share/sfnet_ros')
    assert folders_seen_from(tmp_path / SITE_PACKAGES) == [tmp_path / 'share/sfnet_ros']


def test_share_folder_of_a_target_installation_is_found(tmp_path: Path) -> None:
    lay_out(tmp_path, tmp_path / 'share/sfnet_ros')
    assert folders_seen_from(tmp_path) == [tmp_path / 'share/sfnet_ros']


def test_ament_index_is_searched_in_its_order_and_without_repeats(tmp_path: Path) -> None:
    own, overlay = tmp_path / 'own', tmp_path / 'overlay'
    lay_out(own / SITE_PACKAGES, own / 'share/sfnet_ros', overlay / 'share/sfnet_ros')
    prefixes = os.pathsep.join([str(tmp_path / 'gone'), str(overlay), '', str(own)])
    assert folders_seen_from(own / SITE_PACKAGES, prefixes) == [
        overlay / 'share/sfnet_ros',
        own / 'share/sfnet_ros',
    ]


def test_package_without_its_files_finds_none(tmp_path: Path) -> None:
    lay_out(tmp_path / SITE_PACKAGES)
    assert folders_seen_from(tmp_path / SITE_PACKAGES) == []


def test_shared_file_is_found_by_relative_path() -> None:
    assert find_shared('package.xml').is_file()
    assert find_shared('sfnet_ros').is_dir()


def test_unknown_file_is_refused_naming_where_it_was_sought() -> None:
    checkout = Path(sfnet_ros.__file__).parents[1]
    with pytest.raises(FileNotFoundError, match=f'config/nothing.yaml is not among .*{checkout}.*check the name'):
        find_shared('config/nothing.yaml')


def test_foreign_ament_prefix_does_not_hide_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / 'share/sfnet_ros'
    other.mkdir(parents=True)
    other.joinpath('package.xml').touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert share_folders()[:2] == (Path(sfnet_ros.__file__).parents[1], other)


def test_the_users_folder_is_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'data'))
    assert user_data_folder() == tmp_path / 'data' / 'sfnet_ros'
    monkeypatch.delenv('XDG_DATA_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert user_data_folder() == tmp_path / '.local' / 'share' / 'sfnet_ros'


def test_the_default_model_is_shipped_and_loads() -> None:
    folder = Path(sfnet_ros.__file__).parents[1] / 'models' / DEFAULT_MODEL
    assert (folder / 'model.yaml').is_file()
    _, manifest = load_model(folder)
    assert manifest.name == DEFAULT_MODEL
