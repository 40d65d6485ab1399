"""Where the labels of links stand: beside a straight piece of their way, on nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from archdsl.drawing.dot import LABEL, dot_name, label_text
from archdsl.drawing.layout import Layout, Point, Spot, Way
from archdsl.drawing.metrics import text_width
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Figure, Link

CLEAR: Final = 2.0
"""Points between a label and its way."""
BESIDE: Final = 6.0
"""Points at which a label is seen to be beside its way."""
CAPITALS: Final = 0.75
"""The height of a label's figures in units of the font size; Graphviz sets text a bit above the middle."""
BLANK: Final = text_width(label_text(""), LABEL)
"""At the start of a label."""


def with_labels(part: LaidOut) -> LaidOut:
    """The figure with each label where it is not crossed: where Graphviz put it, if it may stay there.

    A label that finds no room is left out.
    """
    figure, layout = part
    room = _Room(figure, layout)
    ways = dict(layout.ways)
    links = []
    for link in figure.links:
        said, place = room.said(link)
        ways[way_key(link)] = replace(ways[way_key(link)], label=place)
        links.append(said)
    return LaidOut(replace(figure, links=tuple(links)), replace(layout, ways=ways))


class _Room:
    """What stands on the sheet already."""

    def __init__(self, figure: Figure, layout: Layout) -> None:
        self._layout = layout
        self._tight = figure.tight
        self._down = figure.direction == "TB"
        boxes = [layout.boxes[dot_name(box.name)] for box in figure.boxes()]
        titles = [layout.title] if layout.title is not None else []
        pieces = [piece for way in layout.ways.values() for piece in _pieces(way)]
        self._taken = [*boxes, *titles, *pieces]
        self._borders = [border for panel in layout.panels.values() for border in _borders(panel)]

    def said(self, link: Link) -> tuple[Link, Point | None]:
        """The link with as much of its text as finds room, names before the shape, and where."""
        for said in (link, replace(link, label=""), replace(link, names="")):
            place = self._place(said) if said.text else None
            if place is not None:
                return said, place
        return replace(link, label="", names=""), None

    def _place(self, link: Link) -> Point | None:
        """The centre of the link's text, blanks included."""
        way = self._layout.ways[way_key(link)]
        width = text_width(label_text(link.text), LABEL)
        options = list(_options(way, width, self._down))
        clear = (*self._taken, *self._borders)
        for taken in (clear,) if self._tight else (clear, self._taken):
            for option in options:
                area = _visible(option, width)
                if self._is_inside(area) and not any(_meet(area, other) for other in taken):
                    self._taken.append(area)
                    return option
        return None

    def _is_inside(self, area: Spot) -> bool:
        return area.left >= -1 and area.right <= self._layout.width + 1


def _options(way: Way, width: float, down: bool) -> Iterator[Point]:
    """Centres for a label of this width, the best first; in a figure that runs to the right in the middle above."""
    pieces = _pieces(way)
    if way.label is not None and down and any(_meet(_visible(way.label, width + 2 * BESIDE), each) for each in pieces):
        yield way.label
    for piece in sorted(pieces, key=lambda each: -each.height):
        for part in (0.5, 0.3, 0.7):
            y = piece.top + part * piece.height
            if piece.height > LABEL:
                yield Point(piece.x + width / 2 - BLANK + 2 * CLEAR, y)
                yield Point(piece.x - width / 2 - 2 * CLEAR, y)
    for piece in sorted(pieces, key=lambda each: -each.width):
        if piece.width > width - BLANK:
            x = piece.x - BLANK / 2
            yield Point(x, piece.y - LABEL * CAPITALS - CLEAR / 2)
            yield Point(x, piece.y + LABEL * CAPITALS + CLEAR)


def _visible(centre: Point, width: float) -> Spot:
    """Where a label can be seen."""
    return Spot(centre.x + BLANK / 2, centre.y, width - BLANK + 1, LABEL * CAPITALS + 1)


def _pieces(way: Way) -> Sequence[Spot]:
    """The straight pieces of a way, as rectangles without a width or without a height."""
    return [Spot((a.x + b.x) / 2, (a.y + b.y) / 2, abs(a.x - b.x), abs(a.y - b.y)) for a, b in pairwise(way.course)]


def _borders(panel: Spot) -> Iterable[Spot]:
    for x in (panel.left, panel.right):
        yield Spot(x, panel.y, 0, panel.height)
    for y in (panel.top, panel.bottom):
        yield Spot(panel.x, y, panel.width, 0)


def _meet(one: Spot, other: Spot) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
