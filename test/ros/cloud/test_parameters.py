"""The parameters' dataclass, and the files that must agree with it."""

from __future__ import annotations

import ast
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml

from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.parameter_fields import rules_of

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'mode': 'stereo'}, "parameter mode takes one of depth, ground_plane, not 'stereo'"),
        ({'camera_height': -1.0}, 'parameter camera_height takes 0.0 to 100.0, not -1.0'),
        ({'camera_height': 1}, 'takes a number with a decimal point'),
        ({'min_obstacle_range': 6.0}, 'min_obstacle_range is 6, above max_obstacle_range, which is 5: no point would'),
        ({'max_obstacle_height': 0.0}, 'min_obstacle_height is 0.1, above max_obstacle_height, which is 0'),
        ({'grid_range': 0.5, 'grid_resolution': 1.0}, 'grid_range is 0.5 m, which is to be 1 to 500 cells'),
        ({'grid_range': 50.0, 'grid_resolution': 0.01}, 'grid_range is 50 m, which is to be 1 to 500 cells'),
    ],
)
def test_a_value_that_is_not_accepted_is_refused_with_a_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        CloudParameters(**values)  # type: ignore[arg-type]


def test_the_shipped_parameter_file_holds_every_parameter_at_its_default() -> None:
    content = yaml.safe_load((CHECKOUT / 'config' / 'semantic_cloud.yaml').read_text())
    assert list(content) == ['/**']
    defaults = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(CloudParameters()).items()
    }
    assert content['/**']['ros__parameters'] == defaults


def test_launch_arguments_name_parameters_that_exist() -> None:
    tree = ast.parse((CHECKOUT / 'launch' / 'semantic_cloud.launch.py').read_text())
    (names,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == 'NAMES']
    assert set(ast.literal_eval(names)) <= {item.name for item in fields(CloudParameters)}


def test_every_parameter_is_described_in_a_sentence() -> None:
    assert all(rules.description.endswith('.') for rules in rules_of(CloudParameters).values())
