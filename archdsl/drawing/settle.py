"""What is mended in a layout: skips become one link each, straight beside their column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Layout, Point, Way, bends
from archdsl.figure.figure import Box, Figure, Link, Panel, Style

WOBBLE = 4
"""The two halves of a skip are so many points apart at most, where both run along one lane."""


class LaidOut(NamedTuple):
    """A figure with its layout."""

    figure: Figure
    layout: Layout


def settled(figure: Figure, layout: Layout) -> LaidOut:
    """The figure without the points that a single link is led through: in lanes, and where a panel begins."""
    points = {box.name for box in figure.boxes() if box.style in (Style.TRACK, Style.FORK)}
    entering = Counter(link.target for link in figure.links)
    leaving = Counter(link.source for link in figure.links)
    through = {name for name in points if entering[name] == leaving[name] == 1}
    after = {link.source: link for link in figure.links if link.source in through}
    joined = [_followed(link, layout, after) for link in figure.links if link.source not in through]
    items = tuple(_without(figure.items, through))
    links = tuple(link for link, _ in joined)
    ways = {way_key(link): way for link, way in joined}
    return LaidOut(replace(figure, items=items, links=links), replace(layout, ways=ways))


def _followed(link: Link, layout: Layout, after: Mapping[str, Link]) -> tuple[Link, Way]:
    """The link, to where the links behind it lead, and its way."""
    way = layout.ways[way_key(link)]
    while link.target in after:
        rest = after[link.target]
        way = _joined(way, layout.ways[way_key(rest)])
        link = replace(link, target=rest.target, role=rest.role)
    return link, way


def way_key(link: Link) -> tuple[str, str, str]:
    """By which a layout knows the way of a link."""
    return dot_name(link.source), dot_name(link.target), link.role.value


def _without(items: Iterable[Box | Panel], names: set[str]) -> Iterator[Box | Panel]:
    for item in items:
        if isinstance(item, Panel):
            yield replace(item, items=tuple(_without(item.items, names)))
        elif item.name not in names:
            yield item


def _joined(first: Way, second: Way) -> Way:
    """Both halves as one way; the second is moved into the lane of the first."""
    end, start = first.points[-1], second.points[0]
    points = second.points
    if abs(end.x - start.x) < WOBBLE:
        points = tuple(Point(end.x, p.y) if abs(p.x - start.x) < WOBBLE else p for p in points)
    elif abs(end.y - start.y) < WOBBLE:
        points = tuple(Point(p.x, end.y) if abs(p.y - start.y) < WOBBLE else p for p in points)
    return Way(bends((*first.points, *points)), second.tip, first.label)
