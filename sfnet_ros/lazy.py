"""Names of a package that are imported when they are first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence


def imported_when_asked_for(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Make the ``__getattr__`` of a package that spares those who use a part of it what the rest would import.

    Args:
        package: Its name.
        homes: The names that each of its modules defines; type checkers are told by imports of their own.
    """

    def find(name: str) -> object:
        for home, names in homes.items():
            if name in names:
                return getattr(importlib.import_module(f'{package}.{home}'), name)
        raise AttributeError(f'module {package!r} has no attribute {name!r}')

    return find
