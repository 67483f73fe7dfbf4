"""Packages whose names are imported when they are first asked for look like others from outside."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import sfnet_ros.network
import sfnet_ros.runtime

PACKAGES = [sfnet_ros.network, sfnet_ros.runtime]


@pytest.mark.parametrize('package', PACKAGES, ids=lambda package: package.__name__)
def test_all_names_are_there(package: ModuleType) -> None:
    homes = [(home, name) for home, names in package._HOMES.items() for name in names]
    assert {name for _, name in homes} <= set(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
    for home, name in homes:
        assert getattr(package, name) is getattr(importlib.import_module(f'{package.__name__}.{home}'), name)


@pytest.mark.parametrize('package', PACKAGES, ids=lambda package: package.__name__)
def test_a_name_that_is_not_there_is_missing_as_in_any_module(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_names_are_listed_before_they_are_imported() -> None:
    program = (
        'import sys, sfnet_ros.network as network, sfnet_ros.runtime as runtime; '
        'print("create_model" in dir(network), "Segmenter" in dir(runtime), "torch" in sys.modules)'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ['True', 'True', 'False']
