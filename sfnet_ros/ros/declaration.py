"""Declare the parameters of a dataclass to rclpy, and refuse what cannot be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from sfnet_ros.ros.parameter_fields import Changes, ParameterSet, Rules, kind_of, rules_of

AnyParameters = TypeVar('AnyParameters', bound=ParameterSet)


def declare(node: Node, parameter_set: type[AnyParameters]) -> AnyParameters:
    """Declare every field as a parameter of the node and return the values that it starts with.

    Raises:
        ValueError: One sentence about a value that is not accepted.
    """
    values: dict[str, Any] = {}
    for item in fields(parameter_set):
        descriptor = describe(item.metadata['rules'])
        try:
            values[item.name] = _plain(node.declare_parameter(item.name, _to_ros(item.default), descriptor).value)
        except InvalidParameterTypeException as error:
            reason = str(error).removesuffix(f': {item.name}')
            raise ValueError(f'parameter {item.name} takes {kind_of(item.default)} ({reason})') from error
        except InvalidParameterValueException as error:
            accepted = item.metadata['rules'].accepted
            reason = str(error).removesuffix(f': {item.name}')
            raise ValueError(f'parameter {item.name} takes {accepted} ({reason})') from error
    return parameter_set(**values)


def describe(rules: Rules) -> ParameterDescriptor:
    """Build the descriptor that `ros2 param describe` shows."""
    descriptor = ParameterDescriptor(
        description=rules.description,
        read_only=rules.changes is Changes.NEVER,
        additional_constraints='' if rules.range is not None else rules.accepted,
    )
    if rules.range is None:
        return descriptor
    low, high = rules.range
    if isinstance(low, int) and isinstance(high, int):
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
    else:
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return descriptor


def change(current: AnyParameters, changed: Iterable[Parameter[Any]], *, configured: bool) -> AnyParameters:
    """Apply a request to set parameters; those of others, such as use_sim_time, are passed over.

    Raises:
        ValueError: One sentence about a value that is not accepted, or that cannot change now.
    """
    rules = rules_of(current)
    wanted: Mapping[str, Any] = {item.name: _plain(item.value) for item in changed if item.name in rules}
    for name, value in wanted.items():
        if configured and rules[name].changes is Changes.UNCONFIGURED and value != getattr(current, name):
            raise ValueError(
                f'parameter {name} cannot change while the node is configured: deactivate and clean it up first '
                '(ros2 lifecycle set NODE deactivate, then cleanup)'
            )
    return replace(current, **wanted)


def misspelt(node: Node, parameter_set: type[ParameterSet]) -> list[str]:
    """Say which parameters that the user gave are nobody's, but nearly the node's; ROS passes over them silently."""
    known = list(rules_of(parameter_set))
    # Names that are like none of ours are left alone: a file keyed /** holds those of other nodes too.
    given = [name for name in node._parameter_overrides if not node.has_parameter(name)]
    close = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.75) for name in given}
    return [
        f'parameter {name} is not one of this node; did you mean {near[0]}?' for name, near in close.items() if near
    ]


def _to_ros(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    """Turn what rclpy gives for a list into the tuple that a frozen dataclass holds."""
    return value if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
