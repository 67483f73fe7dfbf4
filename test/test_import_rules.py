"""Imports run one way: every file under sfnet_ros is parsed against the table of who may import whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

import sfnet_ros

PACKAGE = Path(sfnet_ros.__file__).parent
# Small, and open to every room; among themselves as below.
HELPERS = {'files', 'keys', 'lazy', 'native_output', 'own_process', 'settings'}
ROOMS = {
    'files': set(),
    'keys': set(),
    'lazy': set(),
    'native_output': set(),
    'own_process': set(),
    'settings': {'keys'},
    'share': set(),
    'labels': {'share'},
    'network': set(),
    'pictures': {'labels'},
    'pages': set(),
    'geometry': set(),
    'datasets': {'labels', 'share'},
    'runtime': {'network', 'labels', 'share'},
    'evaluation': {'network', 'pages', 'pictures', 'labels'},
    'benchmark': {'runtime', 'network', 'evaluation'},
    'training': {'network', 'datasets', 'evaluation', 'labels'},
    'bags': {'runtime', 'datasets', 'evaluation', 'pages', 'pictures', 'labels'},
    'ros': {'runtime', 'bags', 'evaluation', 'pages', 'pictures', 'labels', 'share', 'geometry'},
    'cli': {
        'share',
        'labels',
        'network',
        'pages',
        'pictures',
        'datasets',
        'runtime',
        'evaluation',
        'benchmark',
        'training',
        'bags',
    },
}
MAY_IMPORT_ROS_TOO = {'cli/bag/replay.py', 'cli/benchmark/node.py'}
MAY_IMPORT_WHAT_IS_NOT_WRITTEN_DOWN = {
    'cli/__init__.py',  # the commands, by their names
    'lazy.py',  # modules of the package that asks
}
# The libraries of others that a room may import anywhere, all of them declared by the package.
LIBRARIES = {
    'files': set(),
    'keys': set(),
    'lazy': set(),
    'native_output': set(),
    'own_process': set(),
    'settings': set(),
    'share': set(),
    'labels': {'numpy', 'yaml'},
    'network': {'numpy', 'safetensors', 'torch'},
    'pictures': {'cv2', 'numpy'},
    'pages': {'cv2', 'numpy'},
    'geometry': {'numpy'},
    'datasets': {'PIL', 'cv2', 'numpy'},
    'runtime': {'cv2', 'numpy', 'torch', 'yaml'},
    'evaluation': {'cv2', 'numpy', 'torch'},
    'benchmark': {'cv2', 'numpy', 'torch'},
    'training': {'cv2', 'numpy', 'torch', 'torchvision', 'tqdm', 'yaml'},
    # What recordings are compressed with; `compression` is of the standard library from Python 3.14 on.
    'bags': {'backports', 'compression', 'cv2', 'lz4', 'numpy', 'rosbags', 'yaml'},
    'ros': {
        'cv2',
        'diagnostic_msgs',
        'launch',
        'launch_ros',
        'nav_msgs',
        'numpy',
        'rcl_interfaces',
        'rclpy',
        'rosgraph_msgs',
        'sensor_msgs',
        'std_msgs',
        'std_srvs',
        'torch',
    },
    'cli': {'cv2', 'numpy', 'torch', 'tqdm', 'yaml'},  # yaml: a network of any file, see `sfnet cost`
}
# Those that may be absent: each is imported in one module of its room, and only when that needs it.
OPTIONAL: dict[str, set[str]] = {
    'bags': {'ray'},
    'ros': {'bondpy', 'tf2_ros', 'vision_msgs'},
    'runtime': {'MNN', '_tools', 'google', 'onnx', 'onnxruntime', 'onnxscript', 'openvino', 'tensorrt'},
}
# The room of ONNX graphs, whose files all speak of them.
GRAPHS = ('runtime/export/', {'google', 'onnx', 'onnxruntime', 'onnxscript'})
ROS_NAME = re.compile(
    r'rclpy|cv_bridge|bondpy|message_filters|\w+_(msgs|srvs|interfaces|msgs_py)|(ament|launch|tf2|ros2)\w*'
)


@dataclass(frozen=True)
class Import:
    """One imported module, as a path of names, and where it stands."""

    file: str  # relative to the package, with forward slashes
    line: int
    module: str  # '' where it is computed when the program runs
    at_top: bool  # runs when the file is imported

    @property
    def library(self) -> str:
        return self.module.partition('.')[0]

    @property
    def room(self) -> str:
        """The room of ours that is imported; '' for other libraries and for the bare package."""
        names = self.module.split('.')
        return names[1] if names[0] == 'sfnet_ros' and len(names) > 1 else ''

    @property
    def own_room(self) -> str:
        return self.file.partition('/')[0].removesuffix('.py')

    def __str__(self) -> str:
        return f'sfnet_ros/{self.file}:{self.line} imports {self.module}'


def imports_of(source: str, file: str) -> Iterator[Import]:
    tree = ast.parse(source)
    deferred = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or is_type_checking(outer)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        for module in modules_of(node, file):
            yield Import(file, node.lineno, module, id(node) not in deferred)  # type: ignore[attr-defined]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith('TYPE_CHECKING')


def modules_of(node: ast.AST, file: str) -> list[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition('.')[2] in ('import_module', '__import__'):
        return [name_given_to(node)]
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        return []
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ''
    if node.level:
        parents = ('sfnet_ros', *Path(file).parts[:-1])
        base = '.'.join((*parents[: len(parents) - node.level + 1], *([base] if base else [])))
    # `from sfnet_ros import labels` imports a room, not a name of the package.
    return [f'{base}.{alias.name}' for alias in node.names] if base == 'sfnet_ros' else [base]


def name_given_to(call: ast.Call) -> str:
    """Read the module's name in a call, as far as it is written down: f'torchvision.{part}' is torchvision."""
    name = (call.args or [call])[0]
    text = name.values[0] if isinstance(name, ast.JoinedStr) and name.values else name
    written = text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ''
    return '' if written.startswith('.') else written.rstrip('.')


@pytest.fixture(scope='module')
def imports() -> list[Import]:
    files = sorted(PACKAGE.rglob('*.py'))
    return [found for file in files for found in imports_of(file.read_text(), file.relative_to(PACKAGE).as_posix())]


def breaks_the_table(found: Import) -> bool:
    allowed = {found.own_room} | ROOMS.get(found.own_room, set())
    allowed |= HELPERS if found.own_room not in HELPERS else set()
    allowed |= {'ros'} if found.file in MAY_IMPORT_ROS_TOO else set()
    return bool(found.room) and found.room not in allowed


def breaks_the_libraries(found: Import) -> bool:
    allowed = LIBRARIES.get(found.own_room, set()) | OPTIONAL.get(found.own_room, set())
    return bool(found.module) and found.library not in {'sfnet_ros', *sys.stdlib_module_names, *allowed}


def test_every_room_has_its_row_in_the_tables() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == '.py' or any(path.rglob('*.py'))}
    assert rooms - {'__init__'} == ROOMS.keys() == LIBRARIES.keys()


def test_imports_between_rooms_follow_the_table(imports: list[Import]) -> None:
    assert [str(found) for found in imports if breaks_the_table(found)] == []


def test_libraries_are_imported_in_the_rooms_that_may(imports: list[Import]) -> None:
    assert [str(found) for found in imports if breaks_the_libraries(found)] == []


def test_imports_can_be_read_but_for_the_names_of_the_commands(imports: list[Import]) -> None:
    assert {found.file for found in imports if not found.module} <= MAY_IMPORT_WHAT_IS_NOT_WRITTEN_DOWN


def test_ros_packages_that_the_node_cannot_do_without_are_declared(imports: list[Import]) -> None:
    declared = {element.text for element in ElementTree.parse(PACKAGE.parent / 'package.xml').iter('exec_depend')}
    of_ros = {found.library for found in imports if ROS_NAME.fullmatch(found.library)}
    assert of_ros - OPTIONAL.get('ros', set()) <= declared


def test_optional_libraries_are_imported_in_one_module_when_it_needs_them(imports: list[Import]) -> None:
    optional = [found for found in imports if found.library in OPTIONAL.get(found.own_room, set())]
    assert [str(found) for found in optional if found.at_top] == []
    folder, of_graphs = GRAPHS
    elsewhere = [found for found in optional if not (found.library in of_graphs and found.file.startswith(folder))]
    homes = {(found.library, found.file) for found in elsewhere}
    assert len(homes) == len({library for library, _ in homes}), f'imported in several modules: {sorted(homes)}'


def test_commands_are_light_to_import(imports: list[Import]) -> None:
    light = {'sfnet_ros', *sys.stdlib_module_names}
    at_top = [found for found in imports if found.own_room == 'cli' and found.at_top]
    heavy = [
        found for found in at_top if found.library not in light or found.room not in {'cli', 'share', '', *HELPERS}
    ]
    assert [str(found) for found in heavy] == []


@pytest.mark.parametrize(
    ('module', 'strangers'),
    [
        ('sfnet_ros.ros.segmentation.node', ['training', 'datasets', 'bags', 'cli']),
        # Nor torch, which all that is in network needs: 200 MB and seconds for each camera's cloud.
        ('sfnet_ros.ros.cloud.node', ['network', 'training', 'datasets', 'bags', 'cli']),
        ('sfnet_ros.training.engine', ['runtime', 'bags', 'ros', 'cli']),
    ],
)
def test_nodes_bring_no_training_along_and_training_no_runtime(module: str, strangers: list[str]) -> None:
    program = f'import sys, {module}; print(*(name for name in sys.modules if name.startswith("sfnet_ros.")))'
    command = [sys.executable, '-c', program]
    done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, timeout=60, check=True)
    loaded = done.stdout.split()
    assert module in loaded
    assert [name for name in loaded if name.split('.')[1] in strangers] == []


@pytest.mark.parametrize(
    ('statement', 'file'),
    [
        ('import sfnet_ros.ros.messages', 'runtime/image.py'),
        ('from sfnet_ros import runtime', 'network/sfnet.py'),
        ('def run():\n    from sfnet_ros.training import train', 'ros/segmentation_node.py'),
        ('from ..runtime import Segmenter', 'labels/reader.py'),
        ('from ...ros import replay', 'cli/bag/make.py'),
        ('from sfnet_ros.labels import LabelSpace', 'keys.py'),
        ("importlib.import_module('sfnet_ros.training.engine')", 'ros/segmentation/node.py'),
        ("import_module(f'sfnet_ros.ros.{name}')", 'runtime/image.py'),
        ("__import__('sfnet_ros.runtime')", 'network/sfnet.py'),
    ],
)
def test_import_against_the_table_is_seen(statement: str, file: str) -> None:
    assert [breaks_the_table(found) for found in imports_of(statement, file)] == [True]


@pytest.mark.parametrize(
    ('statement', 'file'),
    [
        ('from . import layers', 'network/sfnet.py'),
        ('from sfnet_ros.files import atomic_path', 'network/checkpoint.py'),
        ('from sfnet_ros.ros.replay import replay', 'cli/bag/replay.py'),
        ('import torch', 'network/sfnet.py'),
    ],
)
def test_import_along_the_table_passes(statement: str, file: str) -> None:
    assert [breaks_the_table(found) for found in imports_of(statement, file)] == [False]


@pytest.mark.parametrize(
    ('statement', 'file', 'breaks'),
    [
        ('import cv2', 'network/sfnet.py', True),
        ('def read():\n    import torch', 'datasets/camvid.py', True),
        ('from rclpy.node import Node', 'runtime/image.py', True),
        ("__import__('pandas')", 'evaluation/score.py', True),
        ('from safetensors.torch import save_file', 'network/checkpoint.py', False),
        ("importlib.import_module(f'torchvision.{part}')", 'training/data.py', False),
        ('import os.path', 'keys.py', False),
    ],
)
def test_library_in_a_room_that_may_not_is_seen(statement: str, file: str, breaks: bool) -> None:
    assert [breaks_the_libraries(found) for found in imports_of(statement, file)] == [breaks]


@pytest.mark.parametrize('call', ['import_module(name)', "__import__(f'{a}.b')", "import_module('.b', package)"])
def test_import_of_what_is_not_written_down_is_seen(call: str) -> None:
    assert [found.module for found in imports_of(call, 'runtime/image.py')] == ['']


def test_imports_inside_functions_are_told_from_those_at_the_top() -> None:
    source = 'import a\nif TYPE_CHECKING:\n    import b\ndef run():\n    import c\nclass D:\n    import d\n'
    assert {found.module: found.at_top for found in imports_of(source, 'x.py')} == {
        'a': True,
        'b': False,
        'c': False,
        'd': True,
    }
