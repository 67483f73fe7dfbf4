"""Web pages in one file: nothing on them comes from elsewhere."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.files import atomic_path

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid #ddd; }
figure { display: inline-block; margin: 0 .5rem .8rem 0; vertical-align: top; }
figcaption { font-size: .85rem; color: #555; max-width: 34rem; }
img { max-width: 100%; }
"""


def figure(rgb: NDArray[np.uint8], caption: str) -> str:
    """Put a picture ``(H, W, 3)`` over its caption, as HTML."""
    done, png = cv2.imencode('.png', cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert done
    data = base64.b64encode(png.tobytes()).decode('ascii')
    said = escape(caption)
    return f'<figure><img alt="{said}" src="data:image/png;base64,{data}"><figcaption>{said}</figcaption></figure>'


def write_page(path: Path, title: str, body: str) -> None:
    """Write a page whole or not at all.

    Args:
        path: Ends in .html.
        title: Plain text.
        body: HTML; what others wrote in it is escaped.

    Raises:
        OSError: It cannot be written.
    """
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    page = (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n'
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding='utf-8')
