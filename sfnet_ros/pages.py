"""HTML and SVG as text, with everything that came from outside escaped, and pages that need nothing but themselves."""

from __future__ import annotations

from base64 import b64encode
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

_STYLE = """
body {
  font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
}
h1 { font-size: 1.6rem; margin: 0 }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .3rem }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem }
p { margin: .2rem 0 .6rem; max-width: 60rem }
"""


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


def css_color(rgb: tuple[int, int, int]) -> str:
    """Write a colour as CSS and SVG have it."""
    return '#{:02x}{:02x}{:02x}'.format(*rgb)


def data_uri(kind: str, data: bytes) -> str:
    """Write bytes into an address of their own, such as of ``image/png``."""
    return f'data:{kind};base64,{b64encode(data).decode("ascii")}'


def png_figure(title: str, rgb: NDArray[np.uint8]) -> Markup:
    """Put a picture ``(H, W, 3)`` over its title."""
    done, png = cv2.imencode('.png', cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert done
    return figure(title, 'image/png', png.tobytes())


def figure(title: str, kind: str, data: bytes) -> Markup:
    """Put a picture's file, such as of ``image/png``, over its title."""
    return tag('figure', tag('img', src=data_uri(kind, data), alt=title), tag('figcaption', title))


def page(title: str, *content: str, style: str = '') -> str:
    """Give a page.

    Args:
        title: Plain text, in the window's title alone.
        content: Of its body.
        style: CSS beside that of all pages.
    """
    head = tag(
        'head',
        tag('meta', charset='utf-8'),
        tag('meta', name='viewport', content='width=device-width'),
        tag('title', title),
        tag('style', Markup(_STYLE + style)),
    )
    return f'<!DOCTYPE html>\n{tag("html", head, tag("body", *content), lang="en")}\n'


def _plain(value: object) -> str:
    return f'{value:.2f}'.rstrip('0').rstrip('.') if isinstance(value, float) else str(value)
