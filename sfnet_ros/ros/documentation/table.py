"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, its cells as they are but for what would end them."""
    lines = [header, ('---',) * len(header), *rows]
    return '\n'.join(f'| {" | ".join(cell.replace("|", "&#124;") for cell in line)} |' for line in lines)
