"""Where the boxes of a pyramid stand, and the ways of its links: in rows of a level and columns, coarsest maps on top.

Each row has an axis, on which the boxes of its cells stand; several in one cell stand above each other. Links run along
an axis, up or down a column, or turn one corner above or below their target; where boxes are in the way they go through
the channel left of their target's column, which all links to one box share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Layout, Point, Spot, bends
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.drawing.terracing import TITLE, framed, is_blocked, pointed
from archdsl.figure.figure import Figure, Link, Style
from archdsl.figure.pyramids import ALL, GridCell

ROW: Final = 26.0
"""Points between rows, and between boxes of a cell."""
CHANNEL: Final = 26.0
"""Between columns."""
CLEAR: Final = 4.0
"""Points that a way keeps from boxes that it passes."""
NEAR: Final = 0.5

Column = Sequence[str]


def in_a_grid(part: LaidOut) -> LaidOut:
    """The figure with its boxes in their cells."""
    figure, layout = part
    boxes = _placed(figure, layout)
    ways = {way_key(link): pointed(bends(course)) for link, course in _Grid(figure, boxes).courses()}
    return LaidOut(figure, framed(figure, layout, boxes, ways))


# --- places ----------------------------------------------------------------------------------


def _placed(figure: Figure, layout: Layout) -> dict[str, Spot]:
    sizes = {name: layout.boxes[dot_name(name)] for name, _ in figure.cells}
    stacks = _stacks(figure)
    middles = _middles(stacks, sizes)
    axes = _axes(figure, stacks, sizes, layout.title.height + TITLE if layout.title is not None else 0.0)
    # texts that leave a box begin below each other
    texts = {box.name for box in figure.boxes() if box.style is Style.PORT and dict(figure.cells)[box.name].column}
    lefts = {
        cell.column: middles[cell.column] - max(sizes[name].width for name in names) / 2
        for cell, names in sorted(stacks.items(), key=lambda each: max(sizes[name].width for name in each[1]))
    }
    placed = {}
    for cell, names in stacks.items():
        y = axes[cell.row] - _above(figure, cell, names, sizes)
        for name in names:
            x = lefts[cell.column] + sizes[name].width / 2 if name in texts else middles[cell.column]
            placed[name] = replace(sizes[name], x=x, y=y + sizes[name].height / 2)
            y += sizes[name].height + ROW
    return placed | _at_their_boxes(figure, placed, texts)


def _at_their_boxes(figure: Figure, placed: Mapping[str, Spot], texts: set[str]) -> dict[str, Spot]:
    """The texts that are alone in leaving their box, and among texts, at its height."""
    cells = dict(figure.cells)
    crowded = {cell for name, cell in cells.items() if name not in texts}
    leaving = Counter(link.source for link in figure.links if link.target in texts)
    return {link.target: replace(placed[link.target], y=placed[link.source].y) for link in figure.links
            if link.target in texts and leaving[link.source] == 1 and cells[link.target] not in crowded}  # fmt: skip


def _stacks(figure: Figure) -> dict[GridCell, list[str]]:
    """The boxes of each cell, from above: the backbone runs up."""
    stacks: dict[GridCell, list[str]] = defaultdict(list)
    for name, cell in figure.cells:
        stacks[cell].append(name)
    return {cell: names[::-1] if cell.column == 0 else names for cell, names in stacks.items()}


def _above(figure: Figure, cell: GridCell, names: Column, sizes: Mapping[str, Spot]) -> float:
    """How far above its row's axis a stack begins: the backbone's uppermost box is on it, and the last of a chain."""
    height = sum(sizes[name].height for name in names) + ROW * (len(names) - 1)
    if cell.column == 0:
        return sizes[names[0]].height / 2
    chained = {(link.source, link.target) for link in figure.links}
    if len(names) > 1 and all(pair in chained for pair in pairwise(names)):
        return height - sizes[names[-1]].height / 2
    return height / 2


def _middles(stacks: Mapping[GridCell, Column], sizes: Mapping[str, Spot]) -> dict[int, float]:
    widths: dict[int, float] = defaultdict(float)
    for cell, names in stacks.items():
        widths[cell.column] = max(widths[cell.column], *(sizes[name].width for name in names))
    found, left = {}, 0.0
    for column in sorted(widths):
        found[column] = left + widths[column] / 2
        left += widths[column] + CHANNEL
    return found


def _axes(
    figure: Figure, stacks: Mapping[GridCell, Column], sizes: Mapping[str, Spot], top: float
) -> dict[int, float]:  # fmt: skip
    """By row how far down its axis is; what stands beside all rows is in the middle of them."""
    reach: dict[int, tuple[float, float]] = {}
    for cell, names in stacks.items():
        height = sum(sizes[name].height for name in names) + ROW * (len(names) - 1)
        above = _above(figure, cell, names, sizes)
        old = reach.get(cell.row, (0.0, 0.0))
        reach[cell.row] = max(old[0], above), max(old[1], height - above)
    found, y = {}, top
    for row in sorted(reach.keys() - {ALL}):
        found[row] = y + reach[row][0]
        y += sum(reach[row]) + ROW
    feeding = [found[cell.row] for name, cell in figure.cells if cell.row in found for link in figure.links
               if link.source == name and dict(figure.cells)[link.target].row == ALL]  # fmt: skip
    middle = (min(feeding) + max(feeding)) / 2 if feeding else y / 2
    found[ALL] = min(feeding, key=lambda each: abs(each - middle), default=middle)
    return found


# --- ways ------------------------------------------------------------------------------------


class _Grid:
    def __init__(self, figure: Figure, boxes: Mapping[str, Spot]) -> None:
        self._links = figure.links
        self._boxes = boxes
        self._column = {name: cell.column for name, cell in figure.cells}
        self._row = {name: cell.row for name, cell in figure.cells}
        self._left = {
            column: min(boxes[name].left for name in boxes if self._column[name] == column)
            for column in set(self._column.values())
        }

    def courses(self) -> Iterator[tuple[Link, tuple[Point, ...]]]:
        """The course of each link: the first that no box is in the way of."""
        for link in self._links:
            courses = list(self._options(link))
            free = (course for course in courses if not self._is_blocked(link, course))
            yield link, next(free, courses[-1])

    def _options(self, link: Link) -> Iterator[tuple[Point, ...]]:
        source, target = self._boxes[link.source], self._boxes[link.target]
        down = target.y > source.y
        start, end = (source.bottom, target.top) if down else (source.top, target.bottom)
        if abs(source.x - target.x) < NEAR:
            yield (Point(source.x, start), Point(target.x, end))
            inner = (spot for name, spot in self._boxes.items() if self._column[name] == self._column[link.source])
            side = max(spot.right for spot in inner) + CHANNEL / 3
            yield (Point(source.right, source.y), Point(side, source.y), Point(side, target.y),
                   Point(target.right, target.y))  # fmt: skip
            return
        channel = self._left[self._column[link.target]] - CHANNEL / 2
        if abs(source.y - target.y) < NEAR:
            yield (Point(source.right, source.y), Point(target.left, target.y))
        elif self._is_upright(link):
            yield (Point(source.right, source.y), Point(target.x, source.y), Point(target.x, end))
        yield (Point(source.right, source.y), Point(channel, source.y), Point(channel, target.y),
               Point(target.left, target.y))  # fmt: skip
        beside = source.right + CHANNEL / 2
        for level in self._levels(link):
            yield (Point(source.right, source.y), Point(beside, source.y), Point(beside, level), Point(channel, level),
                   Point(channel, target.y), Point(target.left, target.y))  # fmt: skip

    def _levels(self, link: Link) -> Iterator[float]:
        """Above and below what stands on the target's axis, then above and below its whole row."""
        axis = [spot for spot in self._boxes.values() if abs(spot.y - self._boxes[link.target].y) < NEAR]
        row = [spot for name, spot in self._boxes.items() if self._row[name] == self._row[link.target]]
        for spots in (axis, row):
            yield min(spot.top for spot in spots) - ROW / 3
            yield max(spot.bottom for spot in spots) + ROW / 3

    def _is_upright(self, link: Link) -> bool:
        """Whether a link comes from above or below: from another row, or where one comes along the target's axis."""
        rows = {self._row[link.source], self._row[link.target]}
        if len(rows) > 1 and ALL not in rows:
            return True
        target = self._boxes[link.target]
        others = (self._boxes[each.source] for each in self._links if each.target == link.target and each is not link)
        return any(abs(other.y - target.y) < NEAR for other in others)

    def _is_blocked(self, link: Link, course: Sequence[Point]) -> bool:
        others = (spot for name, spot in self._boxes.items() if name not in (link.source, link.target))
        return is_blocked(course, others, CLEAR)
