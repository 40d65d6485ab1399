"""Graphviz's HTML-like labels: text in them is never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from archdsl.drawing.faces import GAP, Face, Line, Stretch, pill_width

_BARE: Final = 'BORDER="0" CELLBORDER="0" CELLSPACING="0"'


def label(face: Face) -> str:
    """The text of a box as a label."""
    lines = map(_line, face.lines)
    if face.width:
        return _card(face, lines)
    if len(face.lines) == 1 and face.times == 1:
        return _line(face.lines[0])
    rows = [row(cell(line, f'HEIGHT="{face.pitch}"')) for line in lines]
    if face.times > 1:
        rows += [row(cell("", 'HEIGHT="4"')), row(_pill(face))]
    return table(rows)


def font(text: str, size: float, colour: str) -> str:
    """Text at a size and in a colour; nothing for blank text."""
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{as_text(text)}</FONT>' if text.strip() else ""


def table(rows: Iterable[str], padding: int | None = 0) -> str:
    """A table without lines, of rows."""
    padded = "" if padding is None else f' CELLPADDING="{padding}"'
    return f"<TABLE {_BARE}{padded}>{''.join(rows)}</TABLE>"


def row(*cells: str) -> str:
    """A row of cells."""
    return f"<TR>{''.join(cells)}</TR>"


def cell(content: str, attributes: str = "") -> str:
    """A cell with markup in it."""
    return f"<TD{attributes and ' '}{attributes}>{content}</TD>"


def escaped(text: str) -> str:
    """Text for a plain label: Graphviz reads entities in it, and markup where it stands between `<` and `>`."""
    return as_text(text).replace("\\", "\\\\")


def printable(text: str) -> str:
    """The text with `�` for each character that XML cannot hold, ends a line or turns the direction of reading."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def _line(line: Line) -> str:
    return "".join(map(_span, line))


def _span(span: Stretch) -> str:
    """Bold text has the size and the colour of its node."""
    return f"<B>{as_text(span.text)}</B>" if span.bold else font(span.text, span.size, span.colour)


def _card(face: Face, lines: Iterable[str]) -> str:
    """Lines at the left; at the right the pill, in the middle of the height."""
    attributes = f'HEIGHT="{face.pitch}" ALIGN="LEFT" BALIGN="LEFT" WIDTH="{face.width}"'
    left = cell(table(row(cell(line, attributes)) for line in lines), 'ALIGN="LEFT"')
    right = (cell("", f'WIDTH="{GAP}"'), _pill(face)) if face.times > 1 else ()
    return table([row(left, *right)])


def _pill(face: Face) -> str:
    """A rounded table of fixed size in a cell of fixed size, so that a tall card stretches neither."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{pill_width(face.times):.0f}" HEIGHT="22"'
    text = f'<FONT COLOR="#FFFFFF" POINT-SIZE="11"><B>×{face.times}</B></FONT>'
    rounded = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" STYLE="ROUNDED"'
    return cell(f'<TABLE {rounded} BGCOLOR="{face.pill}" {size}>{row(cell(text, size))}</TABLE>', size)


def as_text(text: str) -> str:
    """Text in which nothing is markup, an entity or a control character."""
    text = printable(text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
