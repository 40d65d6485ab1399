"""Every figure, as it is laid out.

No text on another, none cut, no link through a box or a text, outside of its panel or on a border, and each from
the border of one box to the border of another.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import archdsl
from archdsl.cli.zoo import families
from archdsl.drawing import rendering
from archdsl.drawing.dot import dot_name, dot_source
from archdsl.drawing.layout import Point, Spot, Way
from archdsl.drawing.metrics import text_width
from archdsl.drawing.painting import placed, sheet
from archdsl.drawing.settle import LaidOut
from archdsl.figure.figure import Box, Panel, Style
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from archdsl.words.quantities import SPACE
from tests.figure.building import SMALL
from tests.thorough import some

FIRSTS = {family: name for name, family in reversed(families().items())}
"""One network of each family."""
OVERVIEW, SHEET, OPENED = View(depth=1), View(), View(depth=2)


class Area(NamedTuple):
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Area, room: float = 0) -> bool:
        """Whether they have more than a border, or a strip as wide as `room`, in common."""
        return (
            self.left + room < other.right
            and other.left + room < self.right
            and self.top + room < other.bottom
            and other.top + room < self.bottom
        )

    def holds(self, other: Area) -> bool:
        return (
            self.left - 3 <= other.left
            and other.right <= self.right + 3
            and self.top - 1 <= other.top
            and other.bottom <= self.bottom + 1
        )


def graph_of(name: str) -> Graph:
    return SMALL[name]() if name in SMALL else archdsl.graph(name)


def drawn(part: LaidOut) -> dict[str, Any]:
    """The picture's content as Graphviz tells it, with every text and its place."""
    (data,) = rendering.pictures([dot_source(*part)], "json")
    return dict(json.loads(data))


def texts_in(operations: list[dict[str, Any]], origin: Point) -> list[Area]:
    """The texts of an object; Graphviz counts upwards, and from another origin."""
    found, size, bold = [], 0.0, False
    for operation in operations:
        if operation["op"] == "F":
            size = operation["size"]
        elif operation["op"] == "t":
            bold = bool(operation["fontchar"] & 1)
        elif operation["op"] == "T" and operation["text"].strip():
            text = operation["text"]
            x, y = origin.x + operation["pt"][0], origin.y - operation["pt"][1]
            width = text_width(text, size, bold=bold)
            left = {"l": x, "c": x - width / 2, "r": x - width}[operation["align"]]
            blank = text_width(text[: len(text) - len(text.lstrip())], size, bold=bold)
            found.append(Area(text, left + blank, y - 0.65 * size, left + width, y + 0.1 * size))
    return found


def origin_of(node: dict[str, Any], spot: Spot) -> Point:
    x, y = map(float, node["pos"].split(","))
    return Point(spot.x - x, spot.y + y)


def area_of(name: str, spot: Spot) -> Area:
    return Area(name, spot.left, spot.top, spot.right, spot.bottom)


def pieces(name: str, way: Way) -> list[Area]:
    """The straight pieces of a way, the arrow head with the last one."""
    return [
        Area(name, min(a.x, b.x), min(a.y, b.y), max(a.x, b.x), max(a.y, b.y))
        for a, b in itertools.pairwise(way.course)
    ]


def faults(name: str, view: View) -> list[str]:
    """What is wrong with the figure of a network."""
    part = placed(sheet(graph_of(name), view), view)
    made = drawn(part)
    nodes = [each for each in made["objects"] if "pos" in each]
    origin = origin_of(nodes[0], part.layout.boxes[nodes[0]["name"]])
    bodies = {of: area_of(of, spot) for of, spot in part.layout.boxes.items() if of in {node["name"] for node in nodes}}
    within = {node["name"]: texts_in(node.get("_ldraw_", []), origin) for node in nodes}
    texts = [*texts_in(made["_ldraw_"], origin), *(text for found in within.values() for text in found)]
    beside = [text for edge in made.get("edges", []) for text in texts_in(edge.get("_ldraw_", []), origin)]
    found = [f"{text} leaves {bodies[of]}" for of, own in within.items() for text in own if not bodies[of].holds(text)]
    found += [f"{a} meets {b}" for a, b in itertools.combinations([*texts, *beside], 2) if a.meets(b)]
    solid = list(bodies.values())
    pairs = itertools.chain(itertools.combinations(solid, 2), itertools.product(beside, solid))
    found += [f"{a} meets {b}" for a, b in pairs if a.meets(b)]
    for (source, target, _), way in part.layout.ways.items():
        for piece in pieces(f"{source} -> {target}", way):
            others = (body for of, body in bodies.items() if of not in (source, target))
            found += [f"{piece} runs through {other}" for other in others if piece.meets(other, 0.5)]
            found += [f"{piece} crosses {text}" for text in (*beside, *texts) if piece.meets(text, 0.2)]
            ends = (bodies[source], bodies[target])
            found += [f"{piece} runs through its end {body}" for body in ends if _pierces(piece, body)]
    return [*found, *loose_ends(part), *floating(part, within, bodies), *misled(part)]


def loose_ends(part: LaidOut) -> Iterator[str]:
    """The ways that do not go from border to border."""
    styles = {dot_name(box.name): box.style for box in part.figure.boxes()}
    for (source, target, _), way in part.layout.ways.items():
        for of, point in ((source, way.points[0]), (target, way.tip or way.points[-1])):
            off = distance(point, part.layout.boxes[of], styles[of])
            if off > 1:
                yield f"{source} -> {target} is {off:.1f} off the border of {of}"


def distance(point: Point, spot: Spot, style: Style) -> float:
    """From a point to the border of a box, as it is drawn."""
    if style is Style.FORK and spot.width < 6:
        return max(0.0, math.dist(point, (spot.x, spot.y)) - spot.width / 2)
    if style is Style.MERGE:
        return abs(math.dist(point, (spot.x, spot.y)) - spot.width / 2)
    outside = math.hypot(
        max(spot.left - point.x, point.x - spot.right, 0), max(spot.top - point.y, point.y - spot.bottom, 0)
    )
    sides = (point.x - spot.left, spot.right - point.x, point.y - spot.top, spot.bottom - point.y)
    return outside or min(map(abs, sides))


def floating(part: LaidOut, within: dict[str, list[Area]], bodies: dict[str, Area]) -> Iterator[str]:
    """The ports without a link, inputs that are written, and ports so wide that links end beside their text."""
    linked = {name for link in part.figure.links for name in (link.source, link.target)}
    ports = [box.name for box in part.figure.boxes() if box.style is Style.PORT]
    yield from (f"no link at {name}" for name in ports if name not in linked)
    yield from (f"{link} enters an input" for link in part.figure.links if link.target.startswith(f"input{SPACE}"))
    for of in map(dot_name, ports):
        widest = max(text.right - text.left for text in within[of])
        if bodies[of].right - bodies[of].left > widest + 12:
            yield f"{bodies[of]} is wider than its text"


def misled(part: LaidOut) -> Iterator[str]:
    """The ways that leave the panel around both their ends, and those on borders."""
    panels = {box: around for item in part.figure.items for box, around in panels_of(item, ())}
    layout = part.layout
    spots = {**layout.boxes, **{f"panel {name}": spot for name, spot in layout.panels.items()}}
    borders = [border for name, spot in spots.items() for border in borders_of(name, spot)]
    for (source, target, _), way in layout.ways.items():
        common = [name for name in panels[source] if name in panels[target]]
        for piece in pieces(f"{source} -> {target}", way):
            if common and not area_of(common[-1], layout.panels[common[-1]]).holds(piece):
                yield f"{piece} leaves its panel {common[-1]}"
            yield from (f"{piece} runs along {border}" for border in borders if runs_along(piece, border))


def panels_of(item: Box | Panel, around: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The boxes in an item, each with the panels around it."""
    if isinstance(item, Box):
        yield dot_name(item.name), around
    else:
        for inner in item.items:
            yield from panels_of(inner, (*around, dot_name(item.name)))


def borders_of(name: str, spot: Spot) -> Iterator[Area]:
    yield from (Area(name, x, spot.top, x, spot.bottom) for x in (spot.left, spot.right))
    yield from (Area(name, spot.left, y, spot.right, y) for y in (spot.top, spot.bottom))


def runs_along(piece: Area, border: Area) -> bool:
    """Whether a piece is on a border over more than a corner."""
    across = min(piece.right, border.right) - max(piece.left, border.left)
    down = min(piece.bottom, border.bottom) - max(piece.top, border.top)
    return (across > 6 and down > -1.5) or (down > 6 and across > -1.5)


def _pierces(piece: Area, body: Area) -> bool:
    """Whether a piece goes on inside of the box that it begins or ends at, by more than a corner's rounding."""
    inside = body._replace(left=body.left + 6, top=body.top + 6, right=body.right - 6, bottom=body.bottom - 6)
    return body.right - body.left > 30 and body.bottom - body.top > 14 and piece.meets(inside)


DRAWN = [
    *((name, view) for name in SMALL for view in (OVERVIEW, OPENED, SHEET)),
    *((name, SHEET) for name in FIRSTS.values()),
    *(pytest.param(name, SHEET, marks=pytest.mark.slow) for name in families() if name not in FIRSTS.values()),
]


@pytest.mark.parametrize(("name", "view"), some(DRAWN))
def test_a_figure_is_clean(name: str, view: View) -> None:
    assert not faults(name, view)


def segments(part: LaidOut, role: str) -> dict[tuple[str, str], list[Area]]:
    ways = part.layout.ways.items()
    return {(source, target): pieces(role, way) for (source, target, of), way in ways if of == role}


@pytest.mark.parametrize("name", ["loops", "lstm", "seq2seq_bahdanau"])
def test_a_loop_edge_goes_out_and_back_and_nothing_crosses_it(name: str) -> None:
    part = placed(sheet(graph_of(name), OVERVIEW), OVERVIEW)
    loops = segments(part, "loop")
    assert loops
    roles = ("spine", "branch", "skip", "past", "side")
    others = [piece for role in roles for way in segments(part, role).values() for piece in way]
    for (source, target), own in loops.items():
        assert (target, source) in loops
        card, beside = sorted((source, target), key=lambda each: each.endswith(" loop"))
        assert part.layout.boxes[card].x < part.layout.boxes[beside].x
        assert not [piece for each in own for piece in others if each.meets(piece)]


def test_widths_are_those_of_the_layout() -> None:
    made = drawn(placed(sheet(graph_of("residual"), OVERVIEW), OVERVIEW))
    operations = [o for node in made["objects"] for o in node.get("_ldraw_", [])]
    size, bold = 0.0, False
    checked = 0
    for operation in operations:
        if operation["op"] == "F":
            size = operation["size"]
        elif operation["op"] == "t":
            bold = bool(operation["fontchar"] & 1)
        elif operation["op"] == "T":
            # Graphviz rounds the place of each letter to whole pixels, at 96 to the inch
            expected = pytest.approx(operation["width"], abs=2, rel=0.04)
            assert text_width(operation["text"], size, bold=bold) == expected
            checked += 1
    assert checked > 10
