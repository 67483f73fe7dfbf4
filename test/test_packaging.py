"""The package is installed in each of its three ways, for real, and finds its own files from a fresh process."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

CHECKOUT = Path(__file__).parents[1]
SHARED = ('config', 'launch', 'models')
BUILT_FROM = ('sfnet_ros', 'resource', *SHARED, 'package.xml', 'setup.py', 'setup.cfg', 'pyproject.toml', 'LICENSE')
EXECUTABLES = ('segmentation_node', 'semantic_cloud_node', 'sfnet')
# What an installation says of itself, asked from outside of it.
WHERE = """
import json, sys
import sfnet_ros
from sfnet_ros.share import find_shared
found = {name: str(find_shared(name)) for name in json.load(sys.stdin)}
print(json.dumps({'package': sfnet_ros.__file__, 'shared': found}))
"""
ENTRY_POINTS = """
from importlib.metadata import distribution
print(*(point.name for point in distribution('sfnet_ros').entry_points if callable(point.load())))
"""
REQUIREMENTS = """
import setuptools
from distutils.core import run_setup
print(*run_setup('setup.py', stop_after='init').install_requires)
"""


def files_under(folder: Path, *names: str) -> list[str]:
    """List the files that git would carry, relative to the folder."""
    files = [file for name in names for file in sorted((folder / name).rglob('*')) if file.is_file()]
    return [str(file.relative_to(folder)) for file in files if '__pycache__' not in file.parts and file.name[0] != '.']


def run(command: list[str], cwd: Path, stdin: str = '', **environment: str) -> str:
    """Run a command with nothing of ROS or of this checkout on its paths, and return what it printed."""
    ours = {'PYTHONPATH', 'AMENT_PREFIX_PATH', 'COLCON_PREFIX_PATH'}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    # The executables say `env python3`: that is this environment's when it is active.
    inherited['PATH'] = os.pathsep.join([str(Path(sys.executable).parent), inherited['PATH']])
    done = subprocess.run(
        command, cwd=cwd, env=inherited | environment, input=stdin, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, f'{shlex.join(command)}\n{done.stdout}{done.stderr}'
    return done.stdout


@pytest.fixture(scope='module')
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a colcon workspace with a copy of the package, as builds leave files beside what they build."""
    source = tmp_path_factory.mktemp('workspace') / 'src' / 'sfnet_ros'
    source.mkdir(parents=True)
    for name in files_under(CHECKOUT, *BUILT_FROM) + [name for name in BUILT_FROM if (CHECKOUT / name).is_file()]:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, target)
    return source.parents[1]


@pytest.fixture(scope='module')
def colcon_prefix(workspace: Path) -> Path:
    run(['colcon', 'build'], workspace)
    return workspace / 'install' / 'sfnet_ros'


@pytest.fixture(scope='module')
def pip_prefix(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    prefix = tmp_path_factory.mktemp('pip')
    offline = ['--no-deps', '--no-build-isolation', '--no-index']
    # Without --ignore-installed pip would take the package out of the environment that runs the tests.
    into = ['--ignore-installed', '--prefix', str(prefix)]
    run([sys.executable, '-m', 'pip', 'install', *offline, *into, './src/sfnet_ros'], workspace)
    return prefix


def site_packages(prefix: Path) -> Path:
    (found,) = prefix.glob('**/*-packages')
    return found


def in_workspace(workspace: Path, command: list[str]) -> list[str]:
    """Run in a shell that has sourced the workspace, and nothing else."""
    return ['bash', '-c', f'source {workspace}/install/setup.bash && exec {shlex.join(command)}']


def assert_finds_its_own_files(answer: str, prefix: Path) -> None:
    said = json.loads(answer)
    assert said['package'].startswith(f'{prefix}/lib/')
    assert said['shared'] == {name: f'{prefix}/share/sfnet_ros/{name}' for name in files_under(CHECKOUT, *SHARED)}


def test_colcon_takes_it_for_an_ament_python_package(workspace: Path) -> None:
    assert run(['colcon', 'list'], workspace).split() == ['sfnet_ros', 'src/sfnet_ros', '(ros.ament_python)']


def test_colcon_installation_finds_its_files_through_the_ament_index(workspace: Path, colcon_prefix: Path) -> None:
    command = in_workspace(workspace, [sys.executable, '-c', WHERE])
    answer = run(command, workspace, stdin=json.dumps(files_under(CHECKOUT, *SHARED)))
    assert_finds_its_own_files(answer, colcon_prefix)
    assert (colcon_prefix / 'share/ament_index/resource_index/packages/sfnet_ros').is_file()


@pytest.mark.parametrize('name', EXECUTABLES)
def test_colcon_executables_run_on_the_active_python(colcon_prefix: Path, name: str) -> None:
    executable = colcon_prefix / 'lib' / 'sfnet_ros' / name
    assert executable.read_text().startswith('#!/usr/bin/env python3\n')
    assert os.access(executable, os.X_OK)


def test_sfnet_runs_from_the_colcon_installation(workspace: Path, colcon_prefix: Path) -> None:
    listed = run(in_workspace(workspace, [str(colcon_prefix / 'lib/sfnet_ros/sfnet'), 'models']), workspace)
    assert [path.name for path in CHECKOUT.glob('models/*') if path.name not in listed] == []


def test_colcon_test_is_told_to_use_pytest(workspace: Path, colcon_prefix: Path) -> None:
    question = 'from importlib.metadata import requires; print(*requires("sfnet_ros"), sep="\\n")'
    requirements = run(in_workspace(workspace, [sys.executable, '-c', question]), workspace)
    assert any(line.startswith('pytest') and 'extra == "test"' in line for line in requirements.splitlines())


def test_pip_installation_finds_its_files_beside_itself(pip_prefix: Path) -> None:
    names = json.dumps(files_under(CHECKOUT, *SHARED))
    answer = run([sys.executable, '-c', WHERE], pip_prefix, names, PYTHONPATH=str(site_packages(pip_prefix)))
    assert_finds_its_own_files(answer, pip_prefix)


def test_pip_installation_puts_its_executables_on_the_path(pip_prefix: Path) -> None:
    assert sorted(path.name for path in (pip_prefix / 'bin').iterdir()) == sorted(EXECUTABLES)
    path = str(site_packages(pip_prefix))
    listed = run([str(pip_prefix / 'bin/sfnet'), 'models'], pip_prefix, PYTHONPATH=path)
    assert [path.name for path in CHECKOUT.glob('models/*') if path.name not in listed] == []
    answer = run([sys.executable, '-c', ENTRY_POINTS], pip_prefix, PYTHONPATH=path)
    assert sorted(answer.split()) == sorted(EXECUTABLES)


@pytest.mark.parametrize('kind', ['colcon_prefix', 'pip_prefix'])
def test_every_module_is_installed(workspace: Path, kind: str, request: pytest.FixtureRequest) -> None:
    installed = site_packages(request.getfixturevalue(kind)) / 'sfnet_ros'
    assert files_under(installed, '.') == files_under(workspace / 'src/sfnet_ros/sfnet_ros', '.')


def test_source_checkout_finds_its_files(tmp_path: Path) -> None:
    names = files_under(CHECKOUT, *SHARED)
    answer = run([sys.executable, '-c', WHERE], tmp_path, json.dumps(names), PYTHONPATH=str(CHECKOUT))
    assert json.loads(answer)['shared'] == {name: str(CHECKOUT / name) for name in names}


def test_pip_leaves_numpy_and_opencv_to_apt_where_ros_is_sourced() -> None:
    program = [sys.executable, '-c', REQUIREMENTS]
    elsewhere = run(['env', '--unset=ROS_DISTRO', *program], CHECKOUT).split()
    sourced = run(['env', 'ROS_DISTRO=jazzy', *program], CHECKOUT).split()
    assert set(elsewhere) - set(sourced) == {'numpy', 'opencv-python-headless'}
    assert 'torch>=2.11' in sourced


def test_one_version_everywhere() -> None:
    version = ElementTree.parse(CHECKOUT / 'package.xml').findtext('version')
    program = [sys.executable, '-c', REQUIREMENTS.replace('install_requires', 'get_version()').replace('*', '')]
    assert run(program, CHECKOUT).strip() == version
    assert f'\n{version} ' in (CHECKOUT / 'CHANGELOG.rst').read_text()


def test_ros_without_wheels_is_refused_naming_those_there_are() -> None:
    make = ['env', '--unset=ROS_DISTRO', 'make', 'setup', 'ROS=foxy']
    done = subprocess.run(make, cwd=CHECKOUT, capture_output=True, text=True, timeout=100)
    assert done.returncode != 0
    assert 'ROS=foxy has no wheels: use one of jazzy kilted, or source ROS 2 first' in done.stderr
