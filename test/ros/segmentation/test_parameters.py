"""The parameters' dataclass, and the files that must agree with it."""

from __future__ import annotations

import ast
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml

from sfnet_ros.ros.declaration import describe
from sfnet_ros.ros.documentation import PAGES
from sfnet_ros.ros.parameter_fields import rules_of
from sfnet_ros.ros.segmentation.parameters import NodeParameters

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'overlay_alpha': 1}, 'parameter overlay_alpha takes a number with a decimal point, such as 0.5, not 1'),
        ({'overlay_alpha': float('nan')}, 'parameter overlay_alpha takes 0.0 to 1.0, not nan'),
        ({'threads': -1}, 'parameter threads takes 0 to 1024, not -1'),
        ({'threads': True}, 'parameter threads takes a whole number, not True'),
        ({'image_transport': 'theora'}, "parameter image_transport takes one of raw, compressed, not 'theora'"),
        ({'cameras': ('front', 1)}, r"parameter cameras takes a list of texts, \[''\] for none, not \['front', 1\]"),
        ({'cameras': ('a b',)}, "a letter first, not 'a b'"),
        ({'cameras': ('größe',)}, "names of 1 to 64 letters a to z, digits and _, a letter first, not 'größe'"),
        ({'cameras': ('c' * 65,)}, 'names of 1 to 64 letters'),
        ({'cameras': ('a', 'a')}, "names 'a' twice"),
        ({'model': None}, 'parameter model takes text, not None'),
    ],
)
def test_a_value_that_is_not_accepted_is_refused_with_a_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        NodeParameters(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('height', 'width', 'input_hw'), [(0, 0, None), (-1, -1, (-1, -1)), (320, 640, (320, 640)), (0, 640, (0, 640))]
)
def test_the_input_size_is_the_models_or_a_rule_for_each_side(height: int, width: int, input_hw: object) -> None:
    assert NodeParameters(input_height=height, input_width=width).input_hw == input_hw


@pytest.mark.parametrize('output', ['output', 'nav'])
def test_labels_of_more_pixels_than_a_frame_may_have_are_refused(output: str) -> None:
    with pytest.raises(ValueError, match=f'{output}_height and {output}_width ask for labels of 8192 x 8192 px'):
        NodeParameters(**{f'{output}_height': 8192, f'{output}_width': 8192})


@pytest.mark.parametrize('name', ['', 'front'])
def test_cameras_are_the_names_that_are_not_empty(name: str) -> None:
    assert NodeParameters(cameras=(name, 'rear')).camera_names == ((name, 'rear') if name else ('rear',))


def test_descriptors_carry_what_tools_show() -> None:
    rules = rules_of(NodeParameters)
    alpha, height = describe(rules['overlay_alpha']), describe(rules['input_height'])
    assert (alpha.floating_point_range[0].from_value, alpha.floating_point_range[0].to_value) == (0.0, 1.0)
    assert (height.integer_range[0].from_value, height.integer_range[0].to_value) == (-1, 8192)
    assert describe(rules['image_transport']).additional_constraints == 'raw, compressed'
    assert [name for name in rules if describe(rules[name]).read_only] == ['autostart']
    assert all(rules[name].description.endswith('.') for name in rules)


def test_the_shipped_parameter_file_holds_every_parameter_at_its_default() -> None:
    content = yaml.safe_load((CHECKOUT / 'config' / 'segment.yaml').read_text())
    # Keyed with the node's name it would be ignored in a namespace.
    assert list(content) == ['/**']
    defaults = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(NodeParameters()).items()
    }
    assert content['/**']['ros__parameters'] == defaults


def test_launch_arguments_name_parameters_that_exist() -> None:
    tree = ast.parse((CHECKOUT / 'launch' / 'segment.launch.py').read_text())
    (names,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == 'NAMES']
    assert set(ast.literal_eval(names)) <= {item.name for item in fields(NodeParameters)}


@pytest.mark.parametrize('name', sorted(PAGES))
def test_documentation_is_what_the_code_says(name: str) -> None:
    assert (CHECKOUT / 'docs' / name).read_text() == PAGES[name](), 'run: python -m sfnet_ros.ros.documentation docs'
