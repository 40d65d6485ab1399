"""Where the boxes of a U stand, and the ways of its links: Graphviz knows no column that goes up again.

Boxes stand in columns: the way down at the left, the bottom in the middle, the way up at the right, and further right
what comes of a level by the way. A *slot* is a line across: of each level, the boxes of both sides in running order,
those that a link across joins in one slot. So links across are straight, and so are those of a side; others turn
corners in the *channels* beside columns, each in a lane of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from archdsl.drawing.detours import HEAD
from archdsl.drawing.dot import LABEL, dot_name, label_text
from archdsl.drawing.layout import Layout, Point, Spot, Way, WayKey, bends
from archdsl.drawing.metrics import text_width
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Figure, Link, LinkRole, Style
from archdsl.figure.slopes import Side

DOWN, MIDDLE, UP, ASIDE = range(4)
"""Columns."""
LEVEL: Final = 30.0
"""Points between slots: a shape stands there."""
CHANNEL: Final = 34.0
"""Between columns."""
ACROSS: Final = 70.0
"""The least width of the middle."""
TILED: Final = 16.0
"""And between tiles."""
LANE: Final = 7.0
BELOW: Final = 14.0
"""Points that a way goes below its box before it turns."""
EDGE: Final = 4.0
TITLE: Final = 10.0
"""Points between the title and what is below it."""

Slot = dict[int, str]
"""By column the box in it."""


def at_levels(part: LaidOut) -> LaidOut:
    """The figure with its boxes at their levels."""
    figure, layout = part
    columns = _columns(figure)
    slots = list(_slots(figure, columns))
    boxes = _placed(figure, slots, layout, columns)
    ways = _Router(figure, boxes, columns, slots).ways()
    return LaidOut(figure, framed(figure, layout, boxes, ways))


def _columns(figure: Figure) -> dict[str, int]:
    """By box its column."""
    columns = {Side.DOWN: DOWN, Side.BOTTOM: MIDDLE, Side.UP: UP}
    places = dict(figure.places)
    found = {name: columns[place.side] for name, place in figure.places if place.side in columns}
    # what is read by the U stands above its middle, what comes of it at its right
    for link in reversed(figure.links):
        if link.source not in found and link.target in found:
            found[link.source] = MIDDLE
    for link in figure.links:
        if link.target not in found:
            beside = link.target in places and places[link.target].side is Side.BESIDE
            found[link.target] = max(found.get(link.source, MIDDLE) + 1, ASIDE) if beside else MIDDLE
    return {box.name: found.get(box.name, MIDDLE) for box in figure.boxes()}


# --- slots -----------------------------------------------------------------------------------


def _slots(figure: Figure, columns: Mapping[str, int]) -> Iterator[Slot]:
    """What stands side by side, from above."""
    across = {(link.source, link.target) for link in figure.links if link.role is LinkRole.SKIP}
    rows: dict[int, list[str]] = defaultdict(list)
    places = dict(figure.places)
    for box in figure.boxes():
        rows[places[box.name].row].append(box.name)
    for row in sorted(rows):
        inner: dict[int, list[str]] = defaultdict(list)
        for name in rows[row]:
            inner[columns[name]].append(name)
        inner[UP].reverse()
        yield from _row(inner, figure, across)


def _row(columns: Mapping[int, list[str]], figure: Figure, across: set[tuple[str, str]]) -> Iterator[Slot]:
    """The slots of a level."""
    left, right = columns.get(DOWN, []), columns.get(UP, [])
    pairs = list(_pairs(left, right, across))
    places = dict(figure.places)
    fed = [name for name in columns.get(MIDDLE, []) if places[name].side is Side.BESIDE]
    middle = [name for name in columns.get(MIDDLE, []) if name not in fed]
    starts = [(0, 0), *((i + 1, j + 1) for i, j in pairs)]
    ends = [*pairs, (len(left), len(right))]
    slots: list[Slot] = []
    for number, ((i, j), (stop, end)) in enumerate(zip(starts, ends, strict=True)):
        parts = {DOWN: left[i:stop], UP: right[j:end]}
        slots += _stretch(parts, from_below=number == 0)
        if number < len(pairs):
            slots.append({DOWN: left[stop], UP: right[end]})
    slots = _with_fed(fed, slots, figure, across)
    for name in middle:
        free = [slot for slot in slots if MIDDLE not in slot]
        if free and slots:
            free[-1][MIDDLE] = name
        else:
            slots.append({MIDDLE: name})
    for column in sorted(columns):
        if column >= ASIDE:
            _beside(columns[column], column, slots, figure)
    yield from slots


def _with_fed(
    fed: Sequence[str], slots: Sequence[Slot], figure: Figure, across: set[tuple[str, str]]
) -> list[Slot]:  # fmt: skip
    """The slots with what the U reads in the middle, above the first box that reads it and the first link across."""
    read = {link.target for link in figure.links if link.source in fed}
    held = [(slot.get(DOWN, ""), slot.get(UP, "")) for slot in slots]
    stop = next((i for i, ends in enumerate(held) if ends in across or read & set(ends)), len(slots))
    found: list[Slot] = [*({} for _ in range(len(fed) - stop)), *map(dict, slots)]
    stop = max(stop, len(fed))
    for slot, name in zip(found[stop - len(fed) : stop], fed, strict=True):
        slot[MIDDLE] = name
    return found


def _pairs(left: Sequence[str], right: Sequence[str], across: set[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """The places of boxes that links across join, without those that would cross."""
    first = 0
    for i, source in enumerate(left):
        for j in range(first, len(right)):
            if (source, right[j]) in across:
                yield i, j
                first = j + 1
                break


def _stretch(parts: Mapping[int, Sequence[str]], *, from_below: bool) -> Iterator[Slot]:
    """Boxes of the columns side by side, those above the first link across close to it."""
    height = max(map(len, parts.values()))
    for i in range(height):
        slot = {}
        for column, names in parts.items():
            place = i - (height - len(names)) if from_below else i
            if 0 <= place < len(names):
                slot[column] = names[place]
        yield slot


def _beside(names: Sequence[str], column: int, slots: list[Slot], figure: Figure) -> None:
    """Puts what comes of a level into the slot that it comes from, as far as there is room."""
    for name in names:
        sources = {link.source for link in figure.links if link.target == name}
        near = [slot for slot in slots if column not in slot and sources & set(slot.values())]
        free = near or [slot for slot in slots if column not in slot]
        if not free:
            slots.append({})
            free = slots[-1:]
        free[0][column] = name


# --- places ----------------------------------------------------------------------------------


def _placed(
    figure: Figure, slots: Sequence[Slot], layout: Layout, columns: Mapping[str, int]
) -> dict[str, Spot]:  # fmt: skip
    sizes = {name: layout.boxes[dot_name(name)] for name in columns}
    across = _middles(slots, sizes, TILED if Style.TILE in {box.style for box in figure.boxes()} else ACROSS)
    placed = {}
    top = layout.title.height + TITLE if layout.title is not None else 0.0
    for slot in slots:
        height = max((sizes[name].height for name in slot.values()), default=0.0)
        for column, name in slot.items():
            placed[name] = replace(sizes[name], x=across[column], y=top + height / 2)
        top += height + LEVEL
    return placed


def _middles(slots: Sequence[Slot], sizes: Mapping[str, Spot], least: float) -> dict[int, float]:
    """By column where its middle is. A bottom that stands alone may be wider than its column."""
    widths = {DOWN: 0.0, MIDDLE: least, UP: 0.0}
    for slot in slots:
        for column, name in slot.items():
            if column != MIDDLE or len(slot) > 1:
                widths[column] = max(widths.get(column, 0.0), sizes[name].width)
    found = {}
    left = 0.0
    for column in sorted(widths):
        found[column] = left + widths[column] / 2
        left += widths[column] + CHANNEL
    return found


def framed(figure: Figure, layout: Layout, boxes: Mapping[str, Spot], ways: Mapping[WayKey, Way]) -> Layout:
    """The layout with its boxes here, its ways there, and its title above all."""
    points = [point for way in ways.values() for point in way.course]
    title = layout.title
    left = min([*(spot.left for spot in boxes.values()), *(point.x for point in points)])
    texts = ((link.text, ways[way_key(link)].course[0].x) for link in figure.links if link.text)
    said = [x + text_width(label_text(text), LABEL) for text, x in texts]
    right = max([*(spot.right for spot in boxes.values()), *(point.x for point in points), *said])
    bottom = max([*(spot.bottom for spot in boxes.values()), *(point.y for point in points)])
    first = min([*(spot.top for spot in boxes.values()), *(point.y for point in points)])
    down = EDGE + (max(0.0, title.height + TITLE - first) if title is not None else max(0.0, -first))
    width = max(right - left, title.width if title is not None else 0.0) + 2 * EDGE
    moved = replace(
        layout, width=width, height=bottom + EDGE + down, ways=ways, title=None,
        boxes={dot_name(name): spot for name, spot in boxes.items()},
    ).moved((width - right - left) / 2, down)  # fmt: skip
    return replace(moved, title=title and replace(title, x=width / 2, y=EDGE + title.height / 2))


# --- ways ------------------------------------------------------------------------------------


class _Router:
    """Leads links down and up columns, across slots, and through the channels between columns."""

    def __init__(
        self, figure: Figure, boxes: Mapping[str, Spot], columns: Mapping[str, int], slots: Sequence[Slot]
    ) -> None:
        self._links = figure.links
        self._silent = {name for name, place in figure.places if place.side is Side.BESIDE}
        self._boxes = boxes
        self._column = columns
        self._slot = {name: i for i, slot in enumerate(slots) for name in slot.values()}
        self._slots = slots
        self._lanes: Counter[object] = Counter()
        self._edges: dict[int, tuple[float, float]] = {}
        for name, column in columns.items():
            low, high = self._edges.get(column, (float("inf"), float("-inf")))
            self._edges[column] = min(low, boxes[name].left), max(high, boxes[name].right)

    def ways(self) -> dict[WayKey, Way]:
        """The way of each link."""
        return {way_key(link): pointed(bends(self._course(link))) for link in self._links}

    def _course(self, link: Link) -> tuple[Point, ...]:
        source, target = self._boxes[link.source], self._boxes[link.target]
        one, other = self._column[link.source], self._column[link.target]
        if one == other:
            return self._within(link)
        if one == MIDDLE and link.source in self._silent and other < ASIDE:
            course = self._from_above(link)
            others = (spot for name, spot in self._boxes.items() if name not in (link.source, link.target))
            return course if not is_blocked(course, others) else self._through(link)
        if self._slot[link.source] == self._slot[link.target]:
            return self._level(link)
        if other == MIDDLE and self._is_end(link.source, below=True) and target.y > source.bottom + BELOW:
            return (Point(source.x, source.bottom), Point(source.x, target.y), _facing(target, source.x))
        if one == MIDDLE and self._is_end(link.target, below=True) and source.y > target.bottom + BELOW:
            return (_facing(source, target.x), Point(target.x, source.y), Point(target.x, target.bottom))
        return self._through(link)

    def _is_end(self, name: str, *, below: bool) -> bool:
        """Whether nothing of its column stands further down, or up."""
        mine = self._slot[name]
        others = (self._slot[each] for each, column in self._column.items() if column == self._column[name])
        return all(slot <= mine if below else slot >= mine for slot in others)

    def _within(self, link: Link) -> tuple[Point, ...]:
        """In a column: straight, or past boxes at its outer side."""
        source, target = self._boxes[link.source], self._boxes[link.target]
        low, high = sorted((self._slot[link.source], self._slot[link.target]))
        column = self._column[link.source]
        down = target.y > source.y
        if not any(column in slot for slot in self._slots[low + 1 : high]):
            start, end = (source.bottom, target.top) if down else (source.top, target.bottom)
            return (Point(source.x, start), Point(target.x, end))
        left = column == DOWN
        lane = self._lane(column, left=left)
        sides = (source.left, target.left) if left else (source.right, target.right)
        part = 0.25 if down else -0.25
        start, end = source.y + part * source.height, target.y - part * target.height
        return (Point(sides[0], start), Point(lane, start), Point(lane, end), Point(sides[1], end))

    def _lane(self, column: int, *, left: bool) -> float:
        """A lane beside a column that no other way has."""
        edge = self._edges[column][0 if left else 1]
        number = self._lanes[column, left]
        self._lanes[column, left] += 1
        return edge + (-1 if left else 1) * (2 * LANE + number * LANE)

    def _level(self, link: Link) -> tuple[Point, ...]:
        """Across a slot; below what stands between."""
        source, target = self._boxes[link.source], self._boxes[link.target]
        low, high = sorted((self._column[link.source], self._column[link.target]))
        if not any(low < column < high for column in self._slots[self._slot[link.source]]):
            return (_facing(source, target.x), _facing(target, source.x))
        below = max(self._boxes[name].bottom for name in self._slots[self._slot[link.source]].values()) + BELOW
        return (
            Point(source.x, source.bottom), Point(source.x, below), Point(target.x, below),
            Point(target.x, target.bottom),
        )  # fmt: skip

    def _from_above(self, link: Link) -> tuple[Point, ...]:
        """Down the middle, which all links of one box share, and to a side of the target."""
        source, target = self._boxes[link.source], self._boxes[link.target]
        slot = self._slots[self._slot[link.target]]
        if MIDDLE in slot:
            above = min(self._boxes[name].top for name in slot.values()) - LEVEL / 3
            end = Point(_facing(target, source.x).x, target.y - 0.3 * target.height)
            beside = end.x + (LANE * 1.5 if end.x > target.x else -LANE * 1.5)
            return (
                Point(source.x, source.bottom), Point(source.x, above), Point(beside, above), Point(beside, end.y), end
            )  # fmt: skip
        y = target.y + target.height * 0.3
        return (Point(source.x, source.bottom), Point(source.x, y), Point(_facing(target, source.x).x, y))

    def _through(self, link: Link) -> tuple[Point, ...]:
        """Out at the side, and down or up before the target's column; behind it where boxes are in the way."""
        source, target = self._boxes[link.source], self._boxes[link.target]
        right = source.x < target.x
        part = 0.3 if target.y > source.y else -0.3
        start, end = source.y + part * source.height, target.y - part * target.height
        out = _facing(source, target.x).x
        lane = self._lane(self._column[link.target], left=right)
        into = _facing(target, source.x).x
        course = (Point(out, start), Point(lane, start), Point(lane, end), Point(into, end))
        if not is_blocked(course, self._boxes.values()):
            return course
        lane = self._lane(self._column[link.target], left=not right)
        into = target.right if right else target.left
        return (Point(out, start), Point(lane, start), Point(lane, end), Point(into, end))


def is_blocked(course: Sequence[Point], boxes: Iterable[Spot], clear: float = -1.0) -> bool:
    """Whether a course runs through a box, or closer to it than is clear."""
    return any(
        min(a.x, b.x) < spot.right + clear and max(a.x, b.x) > spot.left - clear
        and min(a.y, b.y) < spot.bottom + clear and max(a.y, b.y) > spot.top - clear
        for spot in boxes for a, b in pairwise(course)
    )  # fmt: skip


def _facing(spot: Spot, x: float) -> Point:
    """The middle of the side that looks there."""
    return Point(spot.right if x > spot.x else spot.left, spot.y)


def pointed(course: Sequence[Point]) -> Way:
    """A way along a course, with an arrow head."""
    before, tip = course[-2], course[-1]
    length = abs(tip.x - before.x) + abs(tip.y - before.y)
    part = max(0.0, 1 - HEAD / length)
    neck = Point(before.x + part * (tip.x - before.x), before.y + part * (tip.y - before.y))
    return Way((*course[:-1], neck), tip, None)
