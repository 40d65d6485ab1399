"""Leads the ways of a layout around what they should not meet, and makes room for them in their panels.

Theory of operation. Graphviz keeps links out of boxes, but a skip over a whole stage may run along a border, wind, or
lie on another link. Here a way is a course of straight pieces, down and across, and each course has a cost
(`streets`): of what it meets, of its corners and of its length. One way after another is held against a bounded number
of plain courses: out of the source below or at a side, down one *lane*, into the target from above or from a side.
The cheapest replaces the way where that is better by `GAIN`; ways without trouble are left alone.

Courses are tried in the order of what they cost if they meet nothing, which is quick to say. Once that is more than
the best found, no later course can be better, and the search ends.

Then panels grow until they hold the ways between their boxes, the innermost first: a side moves out, and everything
beyond it moves as far, so that nothing that was apart meets. A figure that runs to the right is laid on its side first
and turned back at the end, and a right side is the left one of the mirrored figure: there is one case to get right.

What holds throughout:

- Boxes keep their places relative to one another; a way keeps its ends' boxes, its key and its direction.
- A way is judged with all others where they are now, the moved ones included, so two do not take the same lane.
- Nothing is random and ties go to the first: the same figure gives the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Layout, Point, Spot, Way, WayKey, bends
from archdsl.drawing.settle import LaidOut
from archdsl.drawing.streets import BLOCKED, NEAR, ROOM, Streets, Surroundings, pieces, plain_cost
from archdsl.figure.figure import Box, Figure, LinkRole, Style, nested

HEAD: Final = 5.5
"""The length of an arrow head."""
GAIN: Final = 15.0
"""A way is moved where that is better by so much."""
CORNER: Final = 10.0
"""Ways begin and end at least so far from the corners of a box."""
LANES: Final = 3
"""Beside a box."""
BESIDE: Final = 4.0
"""Points that the first lane is further from a box than from another lane."""
MANY: Final = 5
"""A way of so many points winds, where a plainer one may do."""
MOST: Final = 60
"""Lanes that are tried for a way."""


def with_detours(part: LaidOut) -> LaidOut:
    """The figure with better courses for its ways, in panels that hold them."""
    figure, layout = part
    if figure.direction == "LR":
        layout = _transposed(layout)
    holders = _holders(figure)
    layout = _grown(_rerouted(figure, layout, holders), holders)
    return LaidOut(figure, _transposed(layout) if figure.direction == "LR" else layout)


def _transposed(layout: Layout) -> Layout:
    """Across for down: a figure that runs to the right as one that runs down."""
    turned = layout.mapped(lambda old: Spot(old.y, old.x, old.height, old.width), lambda old: Point(old.y, old.x))
    return replace(turned, width=layout.height, height=layout.width)


def _holders(figure: Figure) -> dict[str, tuple[str, ...]]:
    """By box the panels around it, outermost first, as they are named in DOT."""
    found = ((item, panels) for item, panels in nested(figure.items) if isinstance(item, Box))
    return {dot_name(box.name): tuple(dot_name(panel.name) for panel in panels) for box, panels in found}


def _common(key: WayKey, holders: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The panels that hold both ends of a way."""
    one, other = holders[key[0]], holders[key[1]]
    return tuple(name for name in one if name in other)


# --- courses ---------------------------------------------------------------------------------


def _rerouted(figure: Figure, layout: Layout, holders: Mapping[str, tuple[str, ...]]) -> Layout:
    # a circle is met at its four ends, and a text where it stands, not beside its first line
    middles = {dot_name(box.name) for box in figure.boxes() if box.style in (Style.MERGE, Style.PORT)}
    ways = dict(layout.ways)
    for key in layout.ways:
        if key[2] != LinkRole.LOOP.value:
            ways[key] = _better(key, replace(layout, ways=ways), holders, middles)
    return replace(layout, ways=ways)


def _better(key: WayKey, layout: Layout, holders: Mapping[str, tuple[str, ...]], middles: set[str]) -> Way:
    """The way, or a better one between the same boxes."""
    way = layout.ways[key]
    streets = _streets(key, layout, holders)
    points = bends(way.course)
    target = layout.boxes[key[1]]
    aside = key[1] in middles and abs(points[-1].x - target.x) > NEAR and points[-1].y < target.y
    if not aside and len(points) < MANY and not streets.troubled(points):
        return way
    best, least = points, streets.cost(points) - GAIN + (BLOCKED if aside else 0)
    courses = ((plain_cost(course), course) for course in _courses(key, layout, middles, way.tip is not None))
    for at_least, course in sorted(each for each in courses if each[0] < least):
        if at_least >= least:
            break
        cost = streets.cost(course, least)
        if cost < least:
            best, least = course, cost
    return way if best is points else _pointed(best, way)


def _pointed(course: tuple[Point, ...], way: Way) -> Way:
    if way.tip is None:
        return Way(course, None, None)
    before, tip = course[-2], course[-1]
    length = abs(tip.x - before.x) + abs(tip.y - before.y)
    part = max(0.0, 1 - HEAD / length)
    neck = Point(before.x + part * (tip.x - before.x), before.y + part * (tip.y - before.y))
    return Way((*course[:-1], neck), tip, None)


def _streets(key: WayKey, layout: Layout, holders: Mapping[str, tuple[str, ...]]) -> Streets:
    source, target, _ = key
    held = _common(key, holders)
    around = {*holders[source], *holders[target]}
    around_it = Surroundings(
        (layout.boxes[source], layout.boxes[target]),
        tuple(layout.boxes[name] for name in holders if name not in (source, target)),
        tuple(spot for name, spot in layout.panels.items() if name not in around),
        tuple(spot for name, spot in layout.panels.items() if not held or name != held[-1]),
        layout.panels[held[-1]] if held else None,
        tuple(piece for other, way in layout.ways.items() if other != key for piece in pieces(bends(way.course))),
    )
    return Streets(around_it)


def _courses(key: WayKey, layout: Layout, middles: set[str], headed: bool) -> Iterator[tuple[Point, ...]]:
    """Courses from below or beside the source, down one lane, to above or beside the target."""
    source, target = layout.boxes[key[0]], layout.boxes[key[1]]
    starts = list(_gates(source, source.bottom, ROOM - 1, key[0] in middles))
    ends = list(_gates(target, target.top, -ROOM - (2 if headed else 0), key[1] in middles))
    lanes = _lanes(layout, (source, target))
    for first, turn in starts:
        for last, turned in ends:
            for lane in lanes:
                if first == turn and abs(lane - source.x) < source.width / 2 + ROOM - 0.1:
                    continue  # a way that leaves at a side goes on outwards
                if last == turned and abs(lane - target.x) < target.width / 2 + ROOM - 0.1:
                    continue
                if (first == turn and (lane < source.x) != (first.x < source.x)) or (
                    last == turned and (lane < target.x) != (last.x < target.x)
                ):
                    continue
                course = bends((first, turn, Point(lane, turn.y), Point(lane, turned.y), turned, last))
                if len(course) > 1:
                    yield course
            if first != turn and last != turned and abs(first.x - last.x) < 0.1 and first.y < last.y:
                yield (first, last)


def _gates(spot: Spot, level: float, room: float, in_middle: bool) -> Iterator[tuple[Point, Point]]:
    """Where a way may begin or end, each with where it turns: at a level above or below, or at once at a side."""
    parts = (0.5,) if in_middle or spot.width < 4 * CORNER else (0.5, 0.25, 0.75, 0.125, 0.875, 0.375, 0.625)
    for part in parts:
        x = spot.left + part * spot.width
        yield Point(x, level), Point(x, level + room)
    heights = (0.5,) if in_middle or spot.height < CORNER + ROOM else (0.5, 0.3, 0.7)
    for part in heights:
        y = spot.top + part * spot.height
        for x in (spot.left, spot.right):
            yield Point(x, y), Point(x, y)


def _lanes(layout: Layout, ends: Sequence[Spot]) -> list[float]:
    """Where a way may run down: beside boxes, and from the middles of its ends."""
    top = min(spot.top for spot in ends)
    bottom = max(spot.bottom for spot in ends)
    passed = [spot for spot in layout.boxes.values() if spot.bottom > top - ROOM and spot.top < bottom + ROOM]
    found = {spot.x for spot in ends}
    for spot in passed:
        for number in range(1, LANES + 1):
            found |= {spot.left - number * ROOM - BESIDE, spot.right + number * ROOM + BESIDE}
    kept: list[float] = []
    for lane in sorted(found):
        if not kept or lane - kept[-1] > 1:
            kept.append(lane)
    return sorted(kept, key=lambda lane: min(abs(lane - spot.x) for spot in ends))[:MOST]


# --- panels ----------------------------------------------------------------------------------


def _grown(layout: Layout, holders: Mapping[str, tuple[str, ...]]) -> Layout:
    """The layout with panels that hold the ways between their boxes; what stands beside them makes room."""
    inner = sorted(layout.panels, key=lambda name: layout.panels[name].width * layout.panels[name].height)
    for name in inner:
        own = {key for key in layout.ways if name in _common(key, holders)}
        points = [point for key in own for point in bends(layout.ways[key].course)]
        if not points:
            continue
        for mirrored in (False, True):
            for down in (False, True):
                layout = _pushed(layout, name, own, down, mirrored)
    return _framed(layout)


def _pushed(layout: Layout, name: str, own: set[WayKey], down: bool, mirrored: bool) -> Layout:
    """The layout with one side of a panel further out: the left one, or what turning it makes the left one."""
    panel = layout.panels[name]
    side = {(False, False): panel.left, (False, True): -panel.right, (True, False): panel.top}.get(
        (down, mirrored), -panel.bottom
    )
    push = _Push(side, 0.0, down, -1.0 if mirrored else 1.0)
    outermost = min(push.axis(point.x, point.y) for key in own for point in bends(layout.ways[key].course))
    push = push._replace(growth=side - (outermost - ROOM))
    if push.growth < 0.5:
        return layout
    return replace(
        layout,
        boxes={each: push.spot(old) for each, old in layout.boxes.items()},
        panels={each: push.stretched(old) for each, old in layout.panels.items()},
        ways={
            key: way
            if key in own
            else replace(way, points=tuple(map(push.point, way.points)), tip=way.tip and push.point(way.tip))
            for key, way in layout.ways.items()
        },
        title=layout.title and push.spot(layout.title),
    )


class _Push(NamedTuple):
    """What moves where a side goes outwards: all that is beyond it, as far."""

    side: float
    growth: float
    down: bool
    sign: float
    """-1 for a right or lower side, which is the left or upper one of the mirrored layout."""

    def axis(self, x: float, y: float) -> float:
        return self.sign * (y if self.down else x)

    def point(self, old: Point) -> Point:
        by = self._shift(old.x, old.y)
        return old.moved(0, by) if self.down else old.moved(by, 0)

    def spot(self, old: Spot) -> Spot:
        by = self._shift(old.x, old.y)
        return old.moved(0, by) if self.down else old.moved(by, 0)

    def stretched(self, old: Spot) -> Spot:
        low, high = self.point(Point(old.left, old.top)), self.point(Point(old.right, old.bottom))
        return Spot((low.x + high.x) / 2, (low.y + high.y) / 2, high.x - low.x, high.y - low.y)

    def _shift(self, x: float, y: float) -> float:
        return -self.sign * self.growth if self.axis(x, y) < self.side + 0.5 else 0.0


def _framed(layout: Layout) -> Layout:
    """The layout with everything in its frame."""
    points = [point for way in layout.ways.values() for point in bends(way.course)]
    spots = [*layout.boxes.values(), *layout.panels.values(), *([layout.title] if layout.title is not None else [])]
    left = min([0.0, *(spot.left for spot in spots), *(point.x for point in points)])
    top = min([0.0, *(spot.top for spot in spots), *(point.y for point in points)])
    right = max([layout.width, *(spot.right for spot in spots), *(point.x for point in points)])
    bottom = max([layout.height, *(spot.bottom for spot in spots), *(point.y for point in points)])
    return replace(layout.moved(-left, -top), width=right - left, height=bottom - top)
