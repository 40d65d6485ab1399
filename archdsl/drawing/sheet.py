"""Puts an overview and its details side by side on one picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final, TypeAlias

from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Layout
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Box, Style
from archdsl.figure.view import Direction
from archdsl.words.quantities import SPACE

GAP: Final = 26
"""Between the figures of a sheet, in points."""
ASPECT: Final = 1.4
"""Of a sheet: a page on its side."""

Size: TypeAlias = tuple[float, float]
"""Across and down."""


def arranged(figures: Sequence[LaidOut], direction: Direction) -> LaidOut:
    """One figure of all, the overview first: in columns for an overview that runs down, else in rows.

    They stand in the order given, in as many columns or rows as come closest to the shape of a page.
    """
    sizes = [(placed.layout.width, placed.layout.height) for placed in figures]
    if direction == "TB":
        places = _columns(sizes, ASPECT)
    else:
        places = [(x, y) for y, x in _columns([(height, width) for width, height in sizes], 1 / ASPECT)]
    return put(figures, places)


def put(figures: Sequence[LaidOut], places: Sequence[Size]) -> LaidOut:
    """One figure of all, each with its left and top; the first stands at the top left."""
    parts = [figures[0]]
    for number, (detail, place) in enumerate(zip(figures[1:], places[1:], strict=True), 2):
        parts.append(_moved(_renamed(_entitled(detail), number, _names(parts)), *place))
    return _joined(parts)


def _columns(sizes: Sequence[Size], aspect: float) -> list[Size]:
    """The left and top of each rectangle, in columns that together are about `aspect` as wide as they are high."""
    heights = [height + GAP for _, height in sizes]
    stretches = combinations(range(len(sizes) + 1), 2)
    limits = {max(sum(heights[start:stop]), *heights) for start, stop in stretches}
    tried = (_in_columns(sizes, limit) for limit in sorted(limits))
    return min(tried, key=lambda places: _needed(sizes, places, aspect))


def _in_columns(sizes: Sequence[Size], most: float) -> list[Size]:
    """The places in columns that are at most this high, a gap below each rectangle included."""
    left, top, widest = 0.0, 0.0, 0.0
    places = []
    for width, height in sizes:
        if top and top + height + GAP > most:
            left, top, widest = left + widest + GAP, 0.0, 0.0
        places.append((left, top))
        top += height + GAP
        widest = max(widest, width)
    return places


def _needed(sizes: Sequence[Size], places: Sequence[Size], aspect: float) -> float:
    """The height of the smallest page of this aspect that holds all."""
    right = max(left + width for (left, _), (width, _) in zip(places, sizes, strict=True))
    bottom = max(top + height for (_, top), (_, height) in zip(places, sizes, strict=True))
    return max(right / aspect, bottom)


def _entitled(placed: LaidOut) -> LaidOut:
    """The figure with a box for its title: a picture can have but one title of its own."""
    figure, layout = placed
    if layout.title is None:
        return placed
    title = Box(f"{figure.name}{SPACE}title", Style.TITLE, "block", figure.title, counts=figure.counts)
    boxes = {**layout.boxes, dot_name(title.name): layout.title}
    return LaidOut(replace(figure, items=(title, *figure.items)), replace(layout, boxes=boxes, title=None))


def _names(parts: Iterable[LaidOut]) -> set[str]:
    """Names that are taken, as DOT has them."""
    return {name for each in parts for name in (*each.layout.boxes, *each.layout.panels)}


def _renamed(placed: LaidOut, number: int, taken: set[str]) -> LaidOut:
    """The figure with other names for what another figure has already."""
    figure, layout = placed

    def name(old: str) -> str:
        return f"{old}{SPACE}{number}" if dot_name(old) in taken else old

    renamed = figure.renamed(name)
    ways = {way_key(new): layout.ways[way_key(old)] for old, new in zip(figure.links, renamed.links, strict=True)}
    boxes = {f"{old}{SPACE}{number}" if old in taken else old: spot for old, spot in layout.boxes.items()}
    panels = {f"{old}{SPACE}{number}" if old in taken else old: spot for old, spot in layout.panels.items()}
    return LaidOut(renamed, replace(layout, boxes=boxes, panels=panels, ways=ways))


def _moved(placed: LaidOut, x: float, y: float) -> LaidOut:
    layout = placed.layout.moved(x, y)
    return placed._replace(layout=replace(layout, width=layout.width + x, height=layout.height + y))


def _joined(parts: Sequence[LaidOut]) -> LaidOut:
    first = parts[0]
    layouts = [part.layout for part in parts]
    layout = Layout(
        max(each.width for each in layouts),
        max(each.height for each in layouts),
        {name: spot for each in layouts for name, spot in each.boxes.items()},
        {name: spot for each in layouts for name, spot in each.panels.items()},
        {key: way for each in layouts for key, way in each.ways.items()},
        first.layout.title,
    )
    items = tuple(item for part in parts for item in part.figure.items)
    links = tuple(link for part in parts for link in part.figure.links)
    return LaidOut(replace(first.figure, items=items, links=links), layout)
