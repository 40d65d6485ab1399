"""Lays out a figure of volumes: solids in strips that run to the right, with the links between them.

A link to the next box of its row goes straight, one past boxes of its row runs above the row in a lane of its own, and
one to another row turns in the gaps between columns and rows, where nothing stands: no link crosses a solid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final

from archdsl.drawing.canvas import CanvasLine, CanvasPart
from archdsl.drawing.courses import ABOVE_ALL, ARC, STRAIGHT, Course, courses, heights_in, tracks_in
from archdsl.drawing.grid import GridPlace, fold_of, levels_of, places_of
from archdsl.drawing.layout import Point
from archdsl.drawing.stands import Stand
from archdsl.figure.figure import Link, LinkRole
from archdsl.figure.palette import Palette
from archdsl.figure.volumes import VolumeFigure

GAP: Final = 20.0
"""Between columns, at least."""
TRACK: Final = 7.0
"""Between links that run beside each other."""
BETWEEN: Final = 16.0
"""Between rows."""
NAMES: Final = 3.0
"""Between solids and the words below."""
ABOVE: Final = 9.0
"""Between solids and the first lane above them."""
ASIDE: Final = 2.5
"""From the middle of an upper face to where links leave, and to where they come, on the other side."""
MARGIN: Final = 12.0
"""Beside strips, for the links from one to the next."""


class Strip:
    """Some columns of a figure, laid out."""

    def __init__(
        self, stands: Mapping[str, Stand], places: Mapping[str, GridPlace], links: Sequence[Link],
        read: Mapping[tuple[str, str], int], palette: Palette,
    ) -> None:  # fmt: skip
        self._stands, self._places, self._palette = stands, places, palette
        self._courses = courses(
            links, places, {ends: number for ends, number in read.items() if self._is_inner(ends, number)}
        )
        self._set_columns()
        self._set_rows()
        self.anchors = {name: self._anchor(each, places[name]) for name, each in stands.items()}

    def _is_inner(self, ends: tuple[str, str], number: int) -> bool:
        """Whether a link carries another volume of its source than the last."""
        return ends[0] in self._stands and number < len(self._stands[ends[0]].crowns) - 1

    @property
    def width(self) -> float:
        return self._ends[max(self._ends)] if self._ends else 0.0

    def _set_columns(self) -> None:
        wide: dict[int, float] = {}
        for name, each in self._stands.items():
            column = self._places[name].column
            wide[column] = max(wide.get(column, 0.0), each.right - each.left)
        tracks = tracks_in(self._courses)
        steps = [wide[column] + GAP + TRACK * max(0, tracks[column] - 1) for column in sorted(wide)]
        lefts = accumulate(steps, initial=0.0)
        self._lefts = dict(zip(sorted(wide), lefts, strict=False))
        self._ends = {column: left + wide[column] for column, left in self._lefts.items()}

    def _set_rows(self) -> None:
        rows: dict[int, list[Stand]] = {}
        for name, each in self._stands.items():
            rows.setdefault(self._places[name].row, []).append(each)
        lanes = heights_in(self._courses)
        self._axes: dict[int, float] = {}
        self._tops: dict[int, float] = {}
        self._lows: dict[int, float] = {}
        y = 0.0
        for row in sorted(rows):
            y += ABOVE + TRACK * lanes[row] if lanes[row] else 0.0
            self._tops[row] = y
            self._axes[row] = y - min(each.top for each in rows[row])
            self._lows[row] = self._axes[row] + max(each.bottom for each in rows[row]) + NAMES
            y = self._lows[row] + max(each.caption_height for each in rows[row]) + BETWEEN
        self.height = max(0.0, y - BETWEEN)

    def _anchor(self, each: Stand, place: GridPlace) -> Point:
        """Where the left end of a stand's axis is: words begin at the left, solids stand in the middle."""
        left = self._lefts[place.column]
        room = self._ends[place.column] - left - (each.right - each.left)
        aside = room / 2 if each.part.solids or each.part.circles else 0.0
        return Point(left - each.left + aside, self._axes[place.row])

    # --- what is drawn -----------------------------------------------------------------------------

    def parts(self) -> Iterator[CanvasPart]:
        """Links behind solids, but for those that leave above."""
        ways = [(course, self._part(course)) for course in self._courses]
        yield from (part for course, part in ways if course.kind not in ABOVE_ALL)
        for name, each in self._stands.items():
            at = self.anchors[name]
            low = self._lows[self._places[name].row]
            captions = tuple(text._replace(at=text.at.moved(at.x, low)) for text in each.captions)
            part = each.part.moved(at.x, at.y)
            yield replace(part, texts=(*part.texts, *captions))
        yield from (part for course, part in ways if course.kind in ABOVE_ALL)

    def _part(self, course: Course) -> CanvasPart:
        return link_part(course.link, tuple(self._points(course)), self._palette)

    def _points(self, course: Course) -> Iterator[Point]:
        source, target = course.link.source, course.link.target
        first, last = self._stands[source], self._stands[target]
        start, end = self.anchors[source], self.anchors[target]
        turns = [self._ends[gap] + GAP / 2 + TRACK * course.tracks[gap] for gap in course.gaps]
        into = last.entry.moved(end.x, end.y)
        if course.kind in ABOVE_ALL:
            out = first.crowns[course.volume].moved(start.x + ASIDE, start.y)
            height = self._lane(course)
            yield from (out, Point(out.x, height))
            if course.kind == ARC:
                into = last.crowns[0].moved(end.x - ASIDE, end.y)
                yield Point(into.x, height)
            else:
                yield from (Point(turns[0], height), Point(turns[0], into.y))
            yield into
            return
        out = first.exit.moved(start.x, start.y)
        if course.kind == STRAIGHT:
            yield from (out, into)
        elif len(turns) == 1:
            yield from (out, Point(turns[0], out.y), Point(turns[0], into.y), into)
        else:
            height = self._lane(course)
            yield from (out, Point(turns[0], out.y), Point(turns[0], height), Point(turns[1], height))
            yield from (Point(turns[1], into.y), into)

    def _lane(self, course: Course) -> float:
        assert course.lane is not None
        return self._tops[course.lane] - ABOVE - TRACK * course.height


def link_part(link: Link, points: tuple[Point, ...], palette: Palette) -> CanvasPart:
    """A link as it is drawn."""
    skip = link.role in (LinkRole.SKIP, LinkRole.SIDE)
    colour, thickness = (palette.skip, 1.2) if skip else (palette.line, 1.0)
    line = CanvasLine(points, colour, thickness, dashed=link.dashed)
    return CanvasPart(f"{link.source} → {link.target}", link.role.value, lines=(line,))


def strips_of(
    volumes: VolumeFigure, stands: Mapping[str, Stand], palette: Palette, room: float = float("inf"), fold: bool = False
) -> tuple[list[CanvasPart], float, float]:
    """The figure in strips that are as wide as the room, or as they can be, below each other; its width and height."""
    figure = volumes.figure
    places = places_of(list(stands), figure.links, levels_of(figure), fold_of(figure) if fold else None)
    found = {} if fold else _cuts(figure.links, places)
    cuts = {column: link for column, link in found.items() if link.source not in volumes.apart}
    strips: list[Strip] = []
    for names in _stretches(stands, places, cuts, room):
        inside = {name: stands[name] for name in names}
        links = [link for link in figure.links if link.source in inside and link.target in inside]
        strips.append(Strip(inside, places, links, volumes.read, palette))
    return _stacked(strips, stands, [cuts[column] for column in sorted(cuts)], palette)


def _cuts(links: Sequence[Link], places: Mapping[str, GridPlace]) -> dict[int, Link]:
    """The columns behind which a figure can go on below: where a single link crosses."""
    columns = {place.column for place in places.values()}
    crossing = {
        column: [link for link in links if places[link.source].column <= column < places[link.target].column]
        for column in columns
    }
    return {column: found[0] for column, found in crossing.items() if len(found) == 1}


def _stretches(
    stands: Mapping[str, Stand], places: Mapping[str, GridPlace], cuts: Mapping[int, Link], room: float
) -> list[list[str]]:
    """The names by strip: as few strips as can be, and about as long as each other."""
    last = max((place.column for place in places.values()), default=0)
    wide = [0.0] * (last + 1)
    for name, each in stands.items():
        column = places[name].column
        wide[column] = max(wide[column], each.right - each.left + GAP)
    total = sum(wide)
    if total - GAP > room:
        number = -(-total // (room - 2 * MARGIN))
        share = min(room - 2 * MARGIN, total / number * 1.08)
    else:
        share = room
    starts, used = [0], 0.0
    for column in range(last + 1):
        if column and used + wide[column] - GAP > share and column - 1 in cuts:
            starts.append(column)
            used = 0.0
        used += wide[column]
    ends = [*starts[1:], last + 1]
    return [
        [name for name in stands if start <= places[name].column < end]
        for start, end in zip(starts, ends, strict=True)
    ]  # fmt: skip


def _stacked(
    strips: Sequence[Strip], stands: Mapping[str, Stand], cuts: Sequence[Link], palette: Palette
) -> tuple[list[CanvasPart], float, float]:
    """Strips below each other, each joined to the next by the link that was cut there."""
    beside = MARGIN if len(strips) > 1 else 0.0
    width = max((strip.width for strip in strips), default=0.0) + 2 * beside
    parts: list[CanvasPart] = []
    before: tuple[Strip, float] | None = None
    y = 0.0
    for strip in strips:
        if before is not None:
            link = next(each for each in cuts if each.source in before[0].anchors and each.target in strip.anchors)
            points = _turn(link, stands, before, (strip, y), beside, width)
            parts.insert(0, link_part(link, points, palette))
        parts += (part.moved(beside, y) for part in strip.parts())
        before = (strip, y)
        y += strip.height + 2 * BETWEEN
    return parts, width, max(0.0, y - 2 * BETWEEN)


def _turn(
    link: Link, stands: Mapping[str, Stand],
    before: tuple[Strip, float], after: tuple[Strip, float], beside: float, width: float,
) -> tuple[Point, ...]:  # fmt: skip
    """From a strip to the next one: around its end, and back between both."""
    (first, top), (last, below) = before, after
    out = stands[link.source].exit.moved(first.anchors[link.source].x + beside, first.anchors[link.source].y + top)
    into = stands[link.target].entry.moved(last.anchors[link.target].x + beside, last.anchors[link.target].y + below)
    right, left, between = width - 2, 2.0, below - BETWEEN
    return (
        out, Point(right, out.y), Point(right, between), Point(left, between), Point(left, into.y), into,
    )  # fmt: skip
