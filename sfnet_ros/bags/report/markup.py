"""HTML and SVG as text, with everything that came from outside escaped."""

from __future__ import annotations

from base64 import b64encode
from html import escape


class Markup(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: object) -> Markup:
    """Write an element; one without content has no end tag.

    Args:
        name: Such as ``'td'``.
        content: `Markup` as it is, other text escaped.
        attributes: Their underscores stand for hyphens, and one at the end keeps a name from being Python's.
    """
    written = ''.join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"' for key, value in attributes.items()
    )
    return Markup(f'<{name}{written}>{join(*content)}</{name}>' if content else f'<{name}{written}>')


def shape(name: str, /, *content: str, **attributes: object) -> Markup:
    """Write an element of SVG, all of which have an end tag."""
    return tag(name, *(content or ('',)), **attributes)


def join(*content: str) -> Markup:
    """Put pieces after each other."""
    return Markup(''.join(piece if isinstance(piece, Markup) else escape(piece) for piece in content))


def data_uri(kind: str, data: bytes) -> str:
    """Write bytes into an address of their own, such as of ``image/png``."""
    return f'data:{kind};base64,{b64encode(data).decode("ascii")}'


def _plain(value: object) -> str:
    return f'{value:.2f}'.rstrip('0').rstrip('.') if isinstance(value, float) else str(value)
