"""Parameters of a node as a frozen dataclass: what each field accepts, and what a user reads about it.

Nothing here imports ROS, so that launch files and the documentation can read the same fields; `declaration` declares
them to rclpy.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Protocol

Value = bool | int | float | str | tuple[str, ...]

# rclpy takes an empty list for one of bytes, and `ros2 param set` for one of bools: a list of one empty text is none.
NO_NAMES = ('',)

_KINDS = {
    bool: 'true or false',
    int: 'a whole number',
    float: 'a number with a decimal point, such as 0.5',
    str: 'text',
    tuple: "a list of texts, [''] for none",
}


class Changes(enum.Enum):
    """When a parameter can be changed while the node runs; the value is what the documentation calls it."""

    NEVER = 'at start only'
    UNCONFIGURED = 'while unconfigured'
    RELOAD = 'any time; loads in the background'
    LIVE = 'any time'


class ParameterSet(Protocol):
    """A dataclass whose fields were made with `parameter`."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True)
class Rules:
    """Say what one parameter accepts.

    Args:
        description: What it does, as a sentence that a user reads.
        changes: When it can be set.
        range: Smallest and largest number.
        choices: Accepted texts; empty means any.
    """

    description: str
    changes: Changes
    range: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()

    @property
    def accepted(self) -> str:
        """Describe the accepted values, or give an empty text where the type says it all."""
        if self.range is not None:
            return f'{self.range[0]} to {self.range[1]}'
        return ', '.join(self.choices)


def parameter(
    default: Value,
    description: str,
    *,
    changes: Changes = Changes.UNCONFIGURED,
    range: tuple[float, float] | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """Make a dataclass field that is a parameter; its type is the default's."""
    return field(default=default, metadata={'rules': Rules(description, changes, range, tuple(choices))})


def names_in(value: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names that a list parameter holds, without the empty text that stands for none."""
    return tuple(name for name in value if name)


def rules_of(parameter_set: ParameterSet | type[ParameterSet]) -> dict[str, Rules]:
    """List the rules of every parameter by its name."""
    return {item.name: item.metadata['rules'] for item in fields(parameter_set)}


def kind_of(value: object) -> str:
    """Name the type of a parameter in a user's words."""
    return _KINDS[type(value)]


def check(parameters: ParameterSet) -> None:
    """Hold every field against its rules.

    Raises:
        ValueError: One sentence with the parameter, what came, and what is accepted.
    """
    for item in fields(parameters):
        value, rules = getattr(parameters, item.name), item.metadata['rules']
        if type(value) is not type(item.default):
            raise ValueError(f'parameter {item.name} takes {kind_of(item.default)}, not {value!r}')
        if rules.range is not None and not rules.range[0] <= value <= rules.range[1]:
            raise ValueError(f'parameter {item.name} takes {rules.accepted}, not {value!r}')
        if isinstance(value, tuple) and not all(isinstance(entry, str) for entry in value):
            raise ValueError(f'parameter {item.name} takes {kind_of(item.default)}, not {list(value)!r}')
        if rules.choices and value not in rules.choices:
            raise ValueError(f'parameter {item.name} takes one of {rules.accepted}, not {value!r}')
