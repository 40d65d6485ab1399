"""Where Graphviz put what a figure shows.

All lengths are points; the origin is the top left corner and y grows downwards, as in SVG.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

NEAR: Final = 0.05
"""Points closer than this are one."""
RADIUS: Final = 8.0
"""Of the corners of ways."""
POINTS: Final = 72
"""In an inch: Graphviz says the sizes of boxes in inches."""


class Point(NamedTuple):
    x: float
    y: float

    def moved(self, x: float, y: float) -> Point:
        """This far to the right and down."""
        return Point(self.x + x, self.y + y)

    def mirrored(self) -> Point:
        """Reflected at y = 0."""
        return Point(self.x, -self.y)


@dataclass(frozen=True)
class Spot:
    """A rectangle: of a box, a panel or a text."""

    x: float
    """Of the centre."""
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2

    def moved(self, x: float, y: float) -> Spot:
        """This far to the right and down."""
        return replace(self, x=self.x + x, y=self.y + y)

    def mirrored(self) -> Spot:
        """Reflected at y = 0."""
        return replace(self, y=-self.y)


@dataclass(frozen=True)
class Way:
    """The course of a link: straight pieces between its points; the last one ends where the arrow head begins."""

    points: tuple[Point, ...]
    tip: Point | None
    """Of the arrow head; None without one."""
    label: Point | None
    """The centre of its label."""

    @property
    def course(self) -> tuple[Point, ...]:
        """Its points with the tip of the arrow head."""
        return self.points if self.tip is None else (*self.points, self.tip)

    def mapped(self, point: Callable[[Point], Point]) -> Way:
        """The way through what `point` makes of its points."""
        return Way(tuple(map(point, self.points)), self.tip and point(self.tip), self.label and point(self.label))


WayKey = tuple[str, str, str]
"""Source, target and role of a link."""


@dataclass(frozen=True)
class Layout:
    """The places of a figure's boxes, panels and links, by the names that they have in DOT."""

    width: float
    height: float
    boxes: Mapping[str, Spot]
    panels: Mapping[str, Spot]
    ways: Mapping[WayKey, Way]
    title: Spot | None = None
    scale: float = 1.0
    """How large it is drawn: all of it, with its text, is set so many times as large."""
    framed: bool = False
    """Whether the picture is just as large as the layout says, and not as what stands on it."""

    def mapped(self, spot: Callable[[Spot], Spot], point: Callable[[Point], Point]) -> Layout:
        """The layout with what these make of its rectangles and points."""
        return replace(
            self,
            boxes={name: spot(each) for name, each in self.boxes.items()},
            panels={name: spot(each) for name, each in self.panels.items()},
            ways={key: way.mapped(point) for key, way in self.ways.items()},
            title=self.title and spot(self.title),
        )

    def moved(self, x: float, y: float) -> Layout:
        """The same further right and down."""
        return self.mapped(lambda spot: spot.moved(x, y), lambda point: point.moved(x, y))


def read_layout(data: bytes | str) -> Layout:
    """The layout that Graphviz's `json0` tells. Links without a class, which only keep order, are left out."""
    found: dict[str, Any] = json.loads(data)
    left, low, right, high = _numbers(found["bb"])
    objects = found.get("objects", [])
    clusters = found.get("_subgraph_cnt", 0)
    panels = {each["name"].removeprefix("cluster "): _rectangle(each["bb"]) for each in objects if "bb" in each}
    nodes = objects[clusters:]
    ways = {
        (objects[edge["tail"]]["name"], objects[edge["head"]]["name"], edge["class"]): _way(edge)
        for edge in found.get("edges", [])
        if "class" in edge
    }
    laid = Layout(
        right - left, high - low, {node["name"]: _spot(node, "pos") for node in nodes}, panels, ways,
        _spot(found, "lp", "lwidth", "lheight") if "lp" in found else None,
    )  # fmt: skip
    return laid.mapped(Spot.mirrored, Point.mirrored).moved(-left, high)  # Graphviz's y grows upwards


def _spot(item: Mapping[str, Any], place: str, width: str = "width", height: str = "height") -> Spot:
    x, y = _numbers(item[place])
    return Spot(x, y, float(item[width]) * POINTS, float(item[height]) * POINTS)


def _rectangle(box: str) -> Spot:
    left, low, right, high = _numbers(box)
    return Spot((left + right) / 2, (low + high) / 2, right - left, high - low)


def _way(edge: Mapping[str, Any]) -> Way:
    tip = None
    points = []
    for part in edge["pos"].split():
        kind, *numbers = part.split(",") if part[0] in "es" else ("", *part.split(","))
        point = Point(*map(float, numbers))
        if kind:
            tip = point
        else:
            points.append(point)
    return Way(bends(points), tip, Point(*_numbers(edge["lp"])) if "lp" in edge else None)


def bends(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points without those at which the way goes straight on."""
    kept: list[Point] = []
    for point in points:
        if kept and math.dist(kept[-1], point) < NEAR:
            continue
        if len(kept) > 1 and _is_straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _is_straight(before: Point, between: Point, after: Point) -> bool:
    across = (between.x - before.x) * (after.y - before.y) - (between.y - before.y) * (after.x - before.x)
    along = (between.x - before.x) * (after.x - between.x) + (between.y - before.y) * (after.y - between.y)
    return along > 0 and abs(across) < NEAR * math.dist(before, after)  # not where the way turns back


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def frame_attributes(layout: Layout) -> dict[str, str]:
    """DOT attributes of a graph that has this layout."""
    whole = Spot(layout.width / 2, layout.height / 2, layout.width, layout.height)
    sides = (layout.width * layout.scale, layout.height * layout.scale, layout.scale)
    return {
        "bb": corners(whole),
        # what is drawn stands in the middle
        **({"viewport": ",".join(f"{each:.4f}" for each in sides)} if layout.framed else {}),
        **({"lp": _placed(layout.title)} if layout.title is not None else {}),
    }


def box_attributes(spot: Spot) -> dict[str, str]:
    """DOT attributes of a node that is here."""
    return {"pos": _placed(spot), "width": _text(spot.width / POINTS), "height": _text(spot.height / POINTS)}


def way_attributes(way: Way) -> dict[str, str]:
    """DOT attributes of an edge that goes this way."""
    first, *others = way.points
    # each straight piece is a Bézier curve whose handles lie on its ends
    course = [_placed(first)]
    for before, after in pairwise((first, *others)):
        course += [_placed(before), _placed(after), _placed(after)]
    tip = [f"e,{_placed(way.tip)}"] if way.tip is not None else []
    return {
        **_rounding(way.points),
        "pos": " ".join([*tip, *course]),
        **({"lp": _placed(way.label)} if way.label is not None else {}),
    }


def _rounding(points: Sequence[Point]) -> dict[str, str]:
    """Less than the usual radius where corners are so close that Graphviz would begin a way before its start."""
    lengths = [math.dist(before, after) for before, after in pairwise(points)]
    room = min([*lengths[:1], *(length / 2 for length in lengths[1:-1]), *lengths[-1:]], default=RADIUS)
    return {"radius": _text(max(room, 0.1))} if len(lengths) > 1 and room < RADIUS else {}


def corners(spot: Spot) -> str:
    """A rectangle as DOT writes it: left, low, right, high."""
    return ",".join(map(_text, (spot.left, -spot.bottom, spot.right, -spot.top)))


def _placed(place: Point | Spot) -> str:
    return f"{_text(place.x)},{_text(-place.y)}"


def _text(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
