"""Puts an overview and its details side by side on one picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Layout
from archdsl.drawing.packing import Size, packed
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Box, Style
from archdsl.figure.view import Direction
from archdsl.words.quantities import SPACE

ASPECT: Final = 1.4
"""Of a sheet: a page on its side."""


def arranged(figures: Sequence[LaidOut], direction: Direction) -> LaidOut:
    """One figure of all, the overview first: in columns for an overview that runs down, else in rows, or where that
    takes much less room, each where there is some."""
    sizes = [(placed.layout.width, placed.layout.height) for placed in figures]
    if direction == "TB":
        return put(figures, packed(sizes, ASPECT))
    across = packed([(height, width) for width, height in sizes], 1 / ASPECT)
    return put(figures, [(x, y) for y, x in across])


def put(figures: Sequence[LaidOut], places: Sequence[Size]) -> LaidOut:
    """One figure of all, each with its left and top; the first stands at the top left."""
    parts = [figures[0]]
    for number, (detail, place) in enumerate(zip(figures[1:], places[1:], strict=True), 2):
        parts.append(_moved(_renamed(_entitled(detail), number, _names(parts)), *place))
    return _joined(parts)


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
