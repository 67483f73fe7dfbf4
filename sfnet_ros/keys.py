"""Names that users type: what to say when one is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def refuse_unknown_keys(given: Iterable[object], known: Iterable[str], where: str) -> None:
    """Refuse keys that nobody reads.

    Args:
        given: The keys of a mapping that a user wrote.
        known: The keys that are read.
        where: What the mapping is, as the first words of the error.

    Raises:
        ValueError: One sentence with the unknown key and its nearest known neighbour.
    """
    accepted = sorted(known)
    for key in given:
        if key not in accepted:
            raise ValueError(f'{where}: unknown key {key!r}; {nearest(str(key), accepted)}')


def nearest(word: str, accepted: Iterable[str]) -> str:
    """Say which accepted word a mistyped one was probably meant to be, or list them all."""
    choices = sorted(accepted)
    close = difflib.get_close_matches(word, choices, n=1)
    return f'did you mean {close[0]!r}?' if close else f'accepted: {", ".join(choices)}'
