"""What python-pptx has no words for: ties of connectors, arrow heads, and files that are the same at any time."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pptx.util import Length

EMU: Final = 12_700
"""The files' units in a point."""
_WHEN: Final = (1980, 1, 1, 0, 0, 0)


def emu(points: float) -> Length:
    """A length in points as the files say it."""
    from pptx.util import Emu

    return Emu(round(points * EMU))


def without_theme(shape: Any) -> None:
    """Takes from a shape what the deck's theme gives it: shadows, and colours where none are said."""
    from pptx.oxml.ns import qn

    style = shape._element.find(qn("p:style"))
    if style is not None:
        shape._element.remove(style)


def hold(connector: Any, source: tuple[int, int], target: tuple[int, int]) -> None:
    """Ties a connector's ends to shapes, each named by its id and the number of a place on it."""
    properties = connector._element.nvCxnSpPr.cNvCxnSpPr
    for found, (shape, site) in ((properties._add_stCxn(), source), (properties._add_endCxn(), target)):
        found.id, found.idx = shape, site


def end_line(connector: Any, *, arrow: bool) -> None:
    """Rounds the ends of a connector, so that corners are full, or gives it a head."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    line = connector.line._get_or_add_ln()
    line.set("cap", "rnd")
    if arrow:
        line.append(parse_xml(f'<a:tailEnd {nsdecls("a")} type="triangle" w="med" len="med"/>'))


def dated(file: BytesIO) -> bytes:
    """The archive with one date for all in it: the same figure is the same file."""
    again = BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return again.getvalue()
