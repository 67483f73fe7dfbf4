"""The one check that weights fit a network wholly or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_NAMED_AT_MOST = 5


def refuse_partial_fit(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Check names and shapes of ``state`` against those of ``expected``.

    Raises:
        ValueError: A key is missing, unexpected or of another shape; the keys are named.
    """
    differences = {
        'missing': expected.keys() - state.keys(),
        'unexpected': state.keys() - expected.keys(),
        'of another shape': {key for key in state.keys() & expected.keys() if state[key].shape != expected[key].shape},
    }
    problems = [f'{what}: {_named(keys)}' for what, keys in differences.items() if keys]
    if problems:
        raise ValueError(f'the weights do not fit wholly and nothing was loaded; {"; ".join(problems)}')


def _named(keys: set[str]) -> str:
    names = sorted(keys)
    rest = len(names) - _NAMED_AT_MOST
    return ', '.join(names[:_NAMED_AT_MOST]) + (f' and {rest} more' if rest > 0 else '')
