"""Finishes Graphviz's SVG: fixed text widths, unique ids, no traces of the machine."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from archdsl.drawing.dot import FONT
from archdsl.drawing.markup import printable
from archdsl.drawing.metrics import text_width

_TEXT: Final = re.compile(r"<text (?P<attributes>[^>]*)>(?P<content>[^<]*)</text>")
_SHARED: Final = (f'font-family="{FONT}"', 'xml:space="preserve"')
"""What all texts have in common: said once, for the whole picture."""
_SIZE: Final = re.compile(r'font-size="([\d.]+)"')
_COMMENT: Final = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_ID: Final = re.compile(r'(\bid="|="url\(#|href="#)')
"""Attributes that name an element; in texts every quote is an entity."""
_ENTITY: Final = re.compile(r"&(?:#(?P<code>\d+)|(?P<name>amp|lt|gt|quot));")
"""What Graphviz writes in texts; the library's table of all that HTML has would be a hundredth of a drawing."""
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}


def finish(svg: str, title: str) -> str:
    """The SVG with a `textLength` on every text, so that another font cannot make labels overlap."""
    svg = _COMMENT.sub("", svg)
    svg = _TEXT.sub(_with_length, svg)
    for shared in _SHARED:
        svg = svg.replace(f" {shared}", "")
    svg = svg.replace("<svg ", f"<svg {' '.join(_SHARED)} ", 1)
    prefix = f"archdsl-{sha256(svg.encode()).hexdigest()[:8]}-"
    svg = _ID.sub(lambda match: match[0] + prefix, svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{_attribute(title)}" ', 1)


def _with_length(match: re.Match[str]) -> str:
    attributes, content = match["attributes"], match["content"]
    text = _ENTITY.sub(_character, content)
    found = _SIZE.search(attributes)
    if found is None or not text.strip():
        return match[0]
    width = text_width(text, float(found[1]), bold='font-weight="bold"' in attributes)
    return f'<text {attributes} textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs">{content}</text>'


def _character(entity: re.Match[str]) -> str:
    return chr(int(entity["code"])) if entity["code"] else _NAMED[entity["name"]]


def _attribute(text: str) -> str:
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
