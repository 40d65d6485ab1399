"""Where the entries of a figure's legend stand: in rows below its title."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from archdsl.drawing.faces import GAP, SMALL
from archdsl.drawing.layout import Spot
from archdsl.drawing.metrics import text_width
from archdsl.figure.figure import Figure

ROW: Final = 32
"""The height of a row, in points."""
SWATCH: Final = 18
"""The height of an entry."""
WIDEST: Final = 420.0
"""Points that a row may have, where it has more than one entry."""


class Swatch(NamedTuple):
    """An entry: a box in a paint, with what that stands for."""

    paint: str
    text: str
    width: float


def rows(figure: Figure) -> list[list[Swatch]]:
    """The entries by row."""
    found: list[list[Swatch]] = []
    for paint, text in figure.legend:
        swatch = Swatch(paint, text, text_width(text, SMALL) + 16)
        if found and row_width([*found[-1], swatch]) <= WIDEST:
            found[-1].append(swatch)
        else:
            found.append([swatch])
    return found


def row_width(row: list[Swatch]) -> float:
    """With the gaps between the entries, not those around them."""
    return sum(swatch.width for swatch in row) + GAP * (len(row) - 1)


def height(figure: Figure) -> float:
    """Of the whole legend."""
    return ROW * len(rows(figure))


def placed(figure: Figure, title: Spot) -> Iterator[tuple[Swatch, Spot]]:
    """The entries, each with its rectangle, at the lower end of what the title has."""
    found = rows(figure)
    for number, row in enumerate(found):
        y = title.bottom - ROW * (len(found) - number - 0.5)
        left = title.x - row_width(row) / 2
        for swatch in row:
            yield swatch, Spot(left + swatch.width / 2, y, swatch.width, SWATCH)
            left += swatch.width + GAP
