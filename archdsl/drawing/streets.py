"""What a way meets on its course: boxes, borders of panels, and other ways."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from archdsl.drawing.layout import Point, Spot

ROOM: Final = 7.0
"""Points that a lane has to the borders and lanes beside it."""
NEAR: Final = 3.5
"""Points at which two parallel lines are hard to tell apart."""
SHORT: Final = 6.0
"""Lines may be that near for so many points."""
BLOCKED: Final = 400.0
"""What it costs to run through a box or along a border."""
CROSSING: Final = 60.0
CLOSE: Final = 30.0
"""What it costs to run closer to a box than is easy to see."""
BEND: Final = 5.0
JOG: Final = 16.0
"""What it costs to turn again at once, or where the arrow head hides the corner."""
LENGTH: Final = 0.08
"""What a point of length costs."""


class Piece(NamedTuple):
    """A straight part of a way, down or across."""

    down: bool
    at: float
    """Where it is on the axis that it does not run along."""
    low: float
    high: float


def pieces(points: Sequence[Point]) -> list[Piece]:
    """The straight parts of a course."""
    found = []
    for a, b in pairwise(points):
        down = abs(a.x - b.x) < abs(a.y - b.y)
        at, low, high = ((a.x + b.x) / 2, a.y, b.y) if down else ((a.y + b.y) / 2, a.x, b.x)
        found.append(Piece(down, at, min(low, high), max(low, high)))
    return found


def plain_cost(points: Sequence[Point]) -> float:
    """What a course costs that meets nothing: for its length and its corners."""
    lengths = [abs(a.x - b.x) + abs(a.y - b.y) for a, b in pairwise(points)]
    jogs = sum(length < 2 * ROOM for length in lengths[1:-1]) + (len(lengths) > 1 and lengths[-1] < 2 * ROOM - 1)
    return BEND * (len(points) - 2) + JOG * jogs + LENGTH * sum(lengths)


@dataclass(frozen=True)
class Surroundings:
    """What stands around a way."""

    ends: tuple[Spot, Spot]
    boxes: tuple[Spot, ...]
    """Those that are not its ends."""
    foreign: tuple[Spot, ...]
    """Panels that hold neither end."""
    panels: tuple[Spot, ...]
    """All but the one that holds it."""
    holder: Spot | None
    """The smallest panel around both ends; it may grow."""
    others: tuple[Piece, ...]
    """Of other ways."""


class Streets:
    """Says how bad a course is among what stands around it."""

    def __init__(self, around: Surroundings) -> None:
        self._holder = around.holder
        borders = [border for spot in (*around.boxes, *around.ends, *around.panels) for border in _borders(spot)]
        self._along = {
            down: _Lines(
                [(border, BLOCKED) for border in borders if border.down is down]
                + [(other, 3 * CROSSING) for other in around.others if other.down is down]
            )
            for down in (False, True)
        }
        self._across = {
            down: _Lines([(o, CROSSING) for o in around.others if o.down is not down]) for down in (False, True)
        }
        solid = [
            *((spot, 0.0, BLOCKED - CLOSE) for spot in around.boxes),
            *((spot, NEAR, CLOSE) for spot in around.boxes),
            *((spot, -0.5, BLOCKED) for spot in around.ends),
            *((spot, 0.0, CROSSING) for spot in around.foreign),
        ]
        self._solid = {
            down: [(*_widened(_sides(spot, down), room), cost) for spot, room, cost in solid] for down in (False, True)
        }
        self._known: dict[Piece, float] = {}

    def cost(self, points: Sequence[Point], limit: float = float("inf")) -> float:
        """How bad a course is; any number from `limit` on where it is no better than that."""
        course = pieces(points)
        cost = plain_cost(points) + max(map(self._outside, course))
        for piece in course:
            cost += self._met(piece)
            if cost >= limit:
                break
        return cost

    def troubled(self, points: Sequence[Point]) -> bool:
        """Whether a course meets anything that another one might avoid."""
        return any(self._met(piece) or self._outside(piece) for piece in pieces(points))

    def _met(self, piece: Piece) -> float:
        """What a piece costs for what it meets."""
        if piece not in self._known:
            down, at, low, high = piece
            cost = self._along[down].beside(piece) + self._across[down].crossed(piece)
            for left, right, start, stop, price in self._solid[down]:
                if left < at < right and low < stop and high > start:
                    cost += price
            self._known[piece] = cost
        return self._known[piece]

    def _outside(self, piece: Piece) -> float:
        """By how much the panel that holds the way would have to grow for a piece."""
        if self._holder is None:
            return 0.0
        low, high, start, stop = _sides(self._holder, piece.down)
        across = max(low + ROOM - piece.at, piece.at - high + ROOM, 0.0)
        return across + max(start + ROOM - piece.low, piece.high - stop + ROOM, 0.0)


class _Lines:
    """Straight lines of one direction, each with what it costs to meet it."""

    def __init__(self, lines: list[tuple[Piece, float]]) -> None:
        self._lines = sorted(lines)
        self._places = [line.at for line, _ in self._lines]

    def beside(self, piece: Piece) -> float:
        """Of the lines that a parallel piece runs along."""
        start, stop = bisect_right(self._places, piece.at - NEAR), bisect_left(self._places, piece.at + NEAR)
        return sum(
            cost
            for line, cost in self._lines[start:stop]
            if min(piece.high, line.high) - max(piece.low, line.low) > SHORT
        )

    def crossed(self, piece: Piece) -> float:
        """Of the lines that a piece of the other direction crosses."""
        start, stop = bisect_right(self._places, piece.low), bisect_left(self._places, piece.high)
        return sum(cost for line, cost in self._lines[start:stop] if line.low < piece.at < line.high)


Sides: TypeAlias = tuple[float, float, float, float]
"""Of a rectangle: on the axis across a piece, then on the axis along it."""


def _sides(spot: Spot, down: bool) -> Sides:
    across, along = (spot.left, spot.right), (spot.top, spot.bottom)
    return (*across, *along) if down else (*along, *across)


def _widened(sides: Sides, room: float) -> Sides:
    low, high, start, stop = sides
    return low - room, high + room, start - room, stop + room


@lru_cache(maxsize=4096)
def _borders(spot: Spot) -> tuple[Piece, ...]:
    """Remembered, since a box stands beside each way of its figure."""
    left, right, top, bottom = _sides(spot, True)
    return (
        *(Piece(True, x, top, bottom) for x in (left, right)),
        *(Piece(False, y, left, right) for y in (top, bottom)),
    )
