"""Frozen dataclasses from plain mappings, as YAML and JSON hold them."""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from sfnet_ros.keys import refuse_unknown_keys

T = TypeVar('T')

# CPU threads that may be asked for: more than a machine has cores, and far more would end the process.
MOST_THREADS = 1024

# As in 1e-3 or 1.0e5: a number to all but YAML 1.1.
_POWER_OF_TEN = re.compile(r'[+-]?[0-9]+[.]?[0-9]*[eE][+-]?[0-9]+')


def from_mapping(cls: type[T], values: object, where: str) -> T:
    """Build a dataclass, and the dataclasses in it, from a mapping.

    Lists become tuples, and an integer serves where a float is asked for.

    Args:
        cls: A dataclass with annotated fields.
        values: The mapping; keys that are absent take the field's default.
        where: What the mapping is, as the first words of an error.

    Raises:
        ValueError: A key is unknown (its nearest neighbour is named) or missing, or a value is of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f'{where}: a mapping of settings is accepted, not {values!r}')
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in fields(cls) if field.init}  # type: ignore[arg-type]  # T is a dataclass
    refuse_unknown_keys(values, known, where)
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f'{where}: {name} is missing')
    return cls(**{name: _convert(hints[name], value, f'{where}: {name}') for name, value in values.items()})


def _convert(hint: Any, value: object, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _convert(next(argument for argument in arguments if argument is not type(None)), value, where)
    if is_dataclass(hint):
        return value if isinstance(value, hint) else from_mapping(hint, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        return _convert_tuple(arguments, value, where)
    if origin is dict and isinstance(value, Mapping):
        return {key: _convert(arguments[1], item, f'{where}: {key}') for key, item in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)
    if hint is float and isinstance(value, str) and _POWER_OF_TEN.fullmatch(value):
        raise ValueError(f'{where} is {value!r}, which is text to YAML; write it with point and sign, as in 1.0e-3')
    if type(value) is not hint:
        raise ValueError(f'{where} is {value!r}; {getattr(hint, "__name__", hint)} is accepted')
    return value


def _convert_tuple(arguments: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f'{where} is {value!r}; a list is accepted')
    if arguments[-1] is not Ellipsis and len(value) != len(arguments):
        raise ValueError(f'{where} has {len(value)} entries; {len(arguments)} are accepted')
    hints = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
    return tuple(_convert(hint, item, where) for hint, item in zip(hints, value, strict=True))
