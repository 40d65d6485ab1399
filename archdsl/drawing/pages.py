"""Figures on pages of a size: set as large as they fit, side by side, and on as many pages as they need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from archdsl.drawing.faces import TINY, is_cut
from archdsl.drawing.layout import POINTS, Layout
from archdsl.drawing.packing import Size, Skyline
from archdsl.drawing.settle import LaidOut
from archdsl.drawing.sheet import put
from archdsl.drawing.wrapping import wrapped
from archdsl.figure.errors import DrawingError
from archdsl.figure.figure import Figure, Style

LEAST_TYPE: Final = 6
"""Points that the smallest text on a page has at least."""
ROUNDED: Final = 0.05
"""What is smaller by less than this is said to be as large."""
SMALLEST: Final = LEAST_TYPE / TINY
STEPS: Final = 6
"""Scales that are tried, from 1 down to the smallest."""
COLUMN: Final = 9.25 * POINTS
"""How high a figure of a given width is at most: what there is for one on a page of a journal."""
EDGE: Final = 3.0
"""Points around a figure, before it is scaled."""
UNITS: Final = {"in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pt": 1.0}
LONGEST: Final = 200 * POINTS


class Format(NamedTuple):
    """What a page has room for, and how much it has around that; all in points."""

    width: float
    height: float
    margin: float = 0
    whole: bool = False
    """Whether a picture is as large as the page, and not as what stands on it."""
    scale: float = 1
    """How large figures are set at most."""

    def scales(self, least: float) -> list[float]:
        """Those that are tried: from the largest down to that of the smallest text."""
        return [self.scale - step * (self.scale - least) / (STEPS - 1) for step in range(STEPS)]


def _sheet(width: float, height: float, margin: float) -> Format:
    return Format(width - 2 * margin, height - 2 * margin, margin, whole=True)


FORMATS: Final = {
    "A4": _sheet(595.28, 841.89, 0.5 * POINTS),
    "letter": _sheet(8.5 * POINTS, 11 * POINTS, 0.5 * POINTS),
    "16:9": _sheet(40 / 3 * POINTS, 7.5 * POINTS, 0.35 * POINTS),
    "4:3": _sheet(10 * POINTS, 7.5 * POINTS, 0.35 * POINTS),
}
_LENGTH: Final = re.compile(r"(\d{1,4}(?:\.\d{1,4})?) ?(in|cm|mm|pt)")


def page_format(text: str, scale: float = 1) -> Format:
    """What `--width` says: a length or the name of a page, on which figures are set no larger than `scale`.

    Raises DrawingError.
    """
    found = _LENGTH.fullmatch(text)
    if found is not None and POINTS <= (width := float(found[1]) * UNITS[found[2]]) <= LONGEST:
        return Format(width, COLUMN, scale=scale)
    if text in FORMATS:
        return FORMATS[text]._replace(scale=scale)
    known = ", ".join(FORMATS)
    wanted = f"expected a length from 1in to {LONGEST / POINTS:.0f}in, as 3.3in, 84mm or 240pt, or one of {known}"
    raise DrawingError(f"the width is `{text}`, {wanted}")


def paged(parts: Sequence[LaidOut], page: Format) -> list[LaidOut]:
    """The figures on as few pages as can be, and on these as large as can be.

    What is too large for a page, wrapped or not, has one of its own, on which it is set smaller, with smaller text.
    """
    fits = [_packed([part], page, SMALLEST) is not None for part in parts]
    small, large = ([part for part, fit in zip(parts, fits, strict=True) if fit is wanted] for wanted in (True, False))
    tried = [(scale, _packed(small, page, scale)) for scale in page.scales(SMALLEST)]
    found = [(scale, pages) for scale, pages in tried if pages is not None]
    scale, pages = min(found, key=lambda each: len(each[1]))
    first = [*fits, True].index(True)
    alone = [_shrunk(part, page) for part in large]
    return [*alone[:first], *(_framed(each, page, scale) for each in pages), *alone[first:]]


def _shrunk(part: LaidOut, page: Format) -> LaidOut:
    """A page of one figure that is as small as it must be."""
    layout = wrapped(part, _room(page, SMALLEST)).layout
    return _framed(part._replace(layout=layout), page, _least_scale(layout, page))


def legibility(part: LaidOut, page: Format) -> float:
    """How large the smallest text of a figure alone on its page is, in units of the least: at most 1."""
    layout = wrapped(part, _room(page, SMALLEST)).layout
    return min(1.0, _least_scale(layout, page) / (LEAST_TYPE - ROUNDED) * TINY)


def worth(part: LaidOut, page: Format) -> tuple[float, int]:
    """What is good of a form of a figure: how large its text is, then how few boxes leave out some of theirs."""
    return legibility(part, page), -cuts(part.figure)


def cuts(figure: Figure) -> int:
    """How many boxes leave out some of their text."""
    shown = (box for box in figure.boxes() if box.style in (Style.CARD, Style.TILE, Style.OP))
    return sum(is_cut(box, figure.colours) for box in shown)


def _least_scale(layout: Layout, page: Format) -> float:
    return min(page.width / (layout.width + 2 * EDGE), page.height / (layout.height + 2 * EDGE))


def scaled(part: LaidOut, scale: float) -> LaidOut:
    """The figure, so many times as large."""
    return _framed(part, Format(0, 0), scale)


def _room(page: Format, scale: float) -> Size:
    return page.width / scale - 2 * EDGE, page.height / scale - 2 * EDGE


def _packed(parts: Sequence[LaidOut], page: Format, scale: float) -> list[LaidOut] | None:
    """Pages of figures, which are wrapped where they are larger than a page; None where one does not fit even so."""
    room = _room(page, scale)
    pages: list[tuple[list[LaidOut], list[Size]]] = []
    line = Skyline(0, 0)
    for part in (wrapped(part, room) for part in parts):
        size = (part.layout.width, part.layout.height)
        place = line.place(size)
        if place is None:
            line = Skyline(*room)
            pages.append(([], []))
            place = line.place(size)
        if place is None:
            return None
        figures, places = pages[-1]
        figures.append(part)
        places.append(place)
    return [put(*each) for each in pages]


def _framed(part: LaidOut, page: Format, scale: float) -> LaidOut:
    """The figure at its scale, on a page of its size or in the middle of a whole one."""
    layout = part.layout
    width, height = layout.width + 2 * EDGE, layout.height + 2 * EDGE
    if page.whole:
        width, height = ((side + 2 * page.margin) / scale for side in (page.width, page.height))
    moved = layout.moved((width - layout.width) / 2, (height - layout.height) / 2)
    return part._replace(layout=replace(moved, width=width, height=height, scale=scale, framed=True))


def smallest_text(parts: Sequence[LaidOut]) -> float:
    """The size of the smallest text in any of the figures, in points."""
    return TINY * min(part.layout.scale for part in parts)


def too_small(size: float, width: str) -> str:
    """What is said where text of this size is too small to be read, in a figure that is set for a width."""
    if not width or size > LEAST_TYPE - ROUNDED:
        return ""
    return f"the smallest text is {size:.1f} pt in a figure of {width}, less than {LEAST_TYPE}: draw parts of it"


def cost(pages: Sequence[LaidOut]) -> tuple[float, int, int]:
    """What is bad of pages: text that is too small, boxes that leave out some of theirs, then how many pages."""
    return max(0.0, LEAST_TYPE - ROUNDED - smallest_text(pages)), sum(cuts(page.figure) for page in pages), len(pages)


def is_good(pages: Sequence[LaidOut]) -> bool:
    """Whether all text is there and can be read."""
    return cost(pages)[:2] == (0, 0)
