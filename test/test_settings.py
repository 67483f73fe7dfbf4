from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sfnet_ros.settings import from_mapping


@dataclass(frozen=True)
class Inner:
    rate: float = 1.0


@dataclass(frozen=True)
class Outer:
    name: str
    size: tuple[int, int] = (1, 2)
    drives: tuple[str, ...] = ()
    width: int | None = None
    inner: Inner = field(default_factory=Inner)
    scores: dict[str, Inner] = field(default_factory=dict)


def test_lists_numbers_and_nested_mappings_become_what_the_fields_say():
    values = {'name': 'a', 'size': [3, 4], 'drives': ['x'], 'width': 5, 'inner': {'rate': 2}, 'scores': {'k': {}}}
    assert from_mapping(Outer, values, 'run') == Outer('a', (3, 4), ('x',), 5, Inner(2.0), {'k': Inner()})
    assert from_mapping(Outer, {'name': 'a', 'width': None}, 'run') == Outer('a')


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ([], r'run: a mapping of settings is accepted, not \[\]'),
        ({}, 'run: name is missing'),
        ({'nam': 'a'}, "run: unknown key 'nam'; did you mean 'name'"),
        ({'name': 1}, 'run: name is 1; str is accepted'),
        ({'name': 'a', 'size': [1]}, 'run: size has 1 entries; 2 are accepted'),
        ({'name': 'a', 'size': 3}, 'run: size is 3; a list is accepted'),
        ({'name': 'a', 'size': [1, 2.5]}, 'run: size is 2.5; int is accepted'),
        ({'name': 'a', 'width': True}, 'run: width is True; int is accepted'),
        ({'name': 'a', 'inner': {'rte': 1}}, "run: inner: unknown key 'rte'; did you mean 'rate'"),
        ({'name': 'a', 'inner': {'rate': 'fast'}}, "run: inner: rate is 'fast'; float is accepted"),
        ({'name': 'a', 'inner': {'rate': '1e-3'}}, r"run: inner: rate is '1e-3', which is text to YAML; write it with"),
        ({'name': 'a', 'inner': {'rate': '1.0e5'}}, r'point and sign, as in 1\.0e-3'),
        ({'name': 'a', 'inner': {'rate': 10**400}}, 'run: inner: rate is 10+; float is accepted'),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        from_mapping(Outer, values, 'run')
