"""What is said of an error."""

from __future__ import annotations

from sfnet_ros.ros.managed_node import one_line


def test_an_error_is_said_in_one_line_of_bounded_length() -> None:
    assert one_line(ValueError('no such\n  model')) == 'no such model'
    assert one_line(MemoryError()) == 'MemoryError'
    assert one_line(ValueError('x' * 10**6)) == f'{"x" * 1000}...'
