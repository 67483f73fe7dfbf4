"""Columns of text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def text_table(columns: Mapping[str, Sequence[str]], words: int) -> str:
    """Align columns under their heads; one that is empty in all rows is left out.

    Args:
        columns: Their cells, by head.
        words: How many of the first ones are words, aligned to the left; the others are numbers.
    """
    aligned = [
        _aligned(head, cells, to_the_left=index < words)
        for index, (head, cells) in enumerate(columns.items())
        if any(cells)
    ]
    return '\n'.join('  '.join(line).rstrip() for line in zip(*aligned, strict=True))


def _aligned(head: str, cells: Sequence[str], to_the_left: bool) -> list[str]:
    width = max(map(len, (head, *cells)))
    return [cell.ljust(width) if to_the_left else cell.rjust(width) for cell in (head, *cells)]
