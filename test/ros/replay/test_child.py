"""A child of the replay runs the supervisor's own package, whatever lies around."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sfnet_ros
from sfnet_ros.ros.replay.child import Child
from sfnet_ros.ros.replay.isolation import isolated_environment


@pytest.mark.parametrize('safe_path', ['', '1'])
def test_modules_of_the_current_directory_are_not_imported(
    safe_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'sfnet_ros').mkdir()
    for name in ('numpy.py', 'json.py', 'runpy.py', 'rclpy.py', 'sfnet_ros/__init__.py'):
        (tmp_path / name).write_text('raise SystemExit("imported from the current directory")')
    monkeypatch.chdir(tmp_path)
    environment = isolated_environment(60, {**os.environ, 'PYTHONSAFEPATH': safe_path})
    arguments = ['nowhere', '--topic', '/image', '--publish-on', '/image']
    child = Child('player', 'sfnet_ros.ros.replay.player', arguments, environment)
    # To its end, of which a failure is told a few seconds after it at most.
    while child.hear() is not None:
        pass
    assert str(child.failure()).startswith('the player ended with exit code 1: there is no bag at nowhere')


def test_a_checkout_that_is_not_installed_is_where_its_children_come_from(tmp_path: Path) -> None:
    shutil.copytree(Path(sfnet_ros.__file__).parent, tmp_path / 'sfnet_ros')
    (tmp_path / 'sfnet_ros' / 'where.py').write_text('raise SystemExit(__file__)')
    supervisor = """if True:
        import os
        from sfnet_ros.ros.replay.child import Child
        child = Child('child', 'sfnet_ros.where', [], os.environ)
        while child.hear() is not None:
            pass
        print(child.failure())"""
    said = subprocess.run(
        [sys.executable, '-c', supervisor], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert said == f'the child ended with exit code 1: {tmp_path}/sfnet_ros/where.py\n'
