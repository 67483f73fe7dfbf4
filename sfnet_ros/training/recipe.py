"""YAML files that say only in what they differ from another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

_BASE = 'base'


def read_recipe(path: Path, built_on_by: tuple[Path, ...] = ()) -> dict[str, object]:
    """Read a YAML file; where its key ``base`` names another file, relative to its own folder, lay it over that one.

    Mappings are merged key by key, and everything else is replaced.

    Args:
        path: The file.
        built_on_by: Files on the way to this one.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A file is no mapping, or builds on itself.
        yaml.YAMLError: A file is no YAML.
    """
    if path.resolve() in built_on_by:
        raise ValueError(f'base: {path} builds on itself; name another file')
    values = yaml.safe_load(path.read_text(encoding='utf-8'))
    if not isinstance(values, dict):
        raise ValueError(f'training: a mapping of settings is accepted, not {values!r}')
    base = values.pop(_BASE, None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise ValueError(f'base is {base!r}; the name of a file is accepted')
    return merge(read_recipe(path.parent / base, (*built_on_by, path.resolve())), values)


def merge(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Lay one mapping over another one, and likewise the mappings in them."""
    merged = dict(below)
    for key, value in above.items():
        lower = merged.get(key)
        merged[key] = merge(lower, value) if isinstance(lower, Mapping) and isinstance(value, Mapping) else value
    return merged
