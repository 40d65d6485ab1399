"""A picture of solids, lines and words, and its text as SVG and in Graphviz's own language of shapes.

Graphviz draws what stands in a graph's `_background`, so PDF and PNG are made of it too, in the same typeface.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from archdsl.drawing.dot import FONT
from archdsl.drawing.layout import Point
from archdsl.drawing.markup import as_text, escaped
from archdsl.drawing.metrics import text_width
from archdsl.drawing.solids import Solid
from archdsl.figure.palette import Palette

HEAD: Final = 5.5
"""The length of an arrow head, in points."""
WIDE: Final = 4.0
"""And its width."""
RADIUS: Final = 6.0
"""Of the corners of lines."""
PAD: Final = 6.0
"""Around all, in points."""
STROKE: Final = 0.7
"""Of the edges of solids."""
SHADES: Final = {"top": 0.08, "front": 0.28, "side": 0.5, "band": 0.72, "band top": 0.5}
"""By the face of a solid, how much of its colour is that of its border: the upper one is lit."""
BASELINE: Final = 0.35
"""Of a font's size: how far below the middle of a line its letters stand."""


class CanvasText(NamedTuple):
    """A line of text: its middle, left or right end, at half of its height."""

    text: str
    at: Point
    size: float
    colour: str
    bold: bool = False
    anchor: str = "middle"

    @property
    def width(self) -> float:
        return text_width(self.text, self.size, bold=self.bold)

    @property
    def left(self) -> float:
        return self.at.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * self.width


class CanvasLine(NamedTuple):
    """A line through points, with an arrow head at its end."""

    points: tuple[Point, ...]
    colour: str
    thickness: float = 1.0
    dashed: bool = False


class Circle(NamedTuple):
    """A circle around its sign."""

    middle: Point
    radius: float
    dashed: bool = False


class Square(NamedTuple):
    """A square in the colour of a paint: its left upper corner and its side."""

    corner: Point
    side: float
    paint: str

    def points(self) -> tuple[Point, ...]:
        """Its corners."""
        x, y, side = *self.corner, self.side
        return Point(x, y), Point(x + side, y), Point(x + side, y + side), Point(x, y + side)


@dataclass(frozen=True)
class CanvasPart:
    """What belongs together: a box's solids and words, or a link."""

    name: str
    kind: str
    solids: tuple[Solid, ...] = ()
    circles: tuple[Circle, ...] = ()
    lines: tuple[CanvasLine, ...] = ()
    swatches: tuple[Square, ...] = ()
    texts: tuple[CanvasText, ...] = ()

    @property
    def width(self) -> float:
        """How far its words go to the right."""
        return max((text.left + text.width for text in self.texts), default=0.0)

    def moved(self, x: float, y: float) -> CanvasPart:
        """This far to the right and down."""
        return replace(
            self,
            solids=tuple(each.moved(x, y) for each in self.solids),
            circles=tuple(each._replace(middle=each.middle.moved(x, y)) for each in self.circles),
            lines=tuple(each._replace(points=tuple(p.moved(x, y) for p in each.points)) for each in self.lines),
            swatches=tuple(each._replace(corner=each.corner.moved(x, y)) for each in self.swatches),
            texts=tuple(each._replace(at=each.at.moved(x, y)) for each in self.texts),
        )


@dataclass(frozen=True)
class Canvas:
    """All that a picture shows, what lies behind before what lies before it."""

    name: str
    width: float
    height: float
    palette: Palette
    parts: tuple[CanvasPart, ...]
    scale: float = 1.0

    def scaled(self, scale: float) -> Canvas:
        """The same, so many times as large on paper."""
        return replace(self, scale=scale)

    def framed(self, width: float, height: float) -> Canvas:
        """In the middle of a page of this size on paper."""
        across, down = width / self.scale, height / self.scale
        x, y = (across - self.width) / 2, (down - self.height) / 2
        return replace(self, width=across, height=down, parts=tuple(part.moved(x, y) for part in self.parts))


def mixed(one: str, other: str, part: float) -> str:
    """A colour with so much of another in it."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02X}" for a, b in pairs)


def shade(palette: Palette, paint: str, face: str) -> str:
    """The colour of a face of a solid."""
    fill, border, *_ = palette.paints[paint]
    return mixed(fill, border, SHADES[face])


def rounded(points: Sequence[Point]) -> Iterator[Point]:
    """A line through points with round corners, as short straight pieces."""
    yield points[0]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(RADIUS, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        for step in range(6):
            t = step / 5
            yield Point(
                (1 - t) ** 2 * start.x + 2 * t * (1 - t) * corner.x + t**2 * end.x,
                (1 - t) ** 2 * start.y + 2 * t * (1 - t) * corner.y + t**2 * end.y,
            )
    yield points[-1]


def _towards(point: Point, other: Point, length: float) -> Point:
    whole = math.dist(point, other) or 1.0
    return Point(point.x + (other.x - point.x) * length / whole, point.y + (other.y - point.y) * length / whole)


def drawn_line(line: CanvasLine) -> tuple[list[Point], tuple[Point, ...]]:
    """The points of a line up to its arrow head, and the head's corners."""
    *_, before, tip = line.points
    if before == tip:
        return list(rounded(line.points)), ()
    base = _towards(tip, before, HEAD)
    x, y = (tip.x - base.x) / HEAD * WIDE / 2, (tip.y - base.y) / HEAD * WIDE / 2
    return list(rounded((*line.points[:-1], base))), (tip, Point(base.x - y, base.y + x), Point(base.x + y, base.y - x))


# --- SVG ---------------------------------------------------------------------------------------------


def svg_source(canvas: Canvas) -> str:
    """The picture as SVG, each part a group whose title is its path."""
    width, height = canvas.width * canvas.scale, canvas.height * canvas.scale
    head = (
        f'<svg role="img" aria-label="{_attribute(canvas.name)}" xmlns="http://www.w3.org/2000/svg" '
        f'width="{width:.0f}pt" height="{height:.0f}pt" viewBox="0 0 {canvas.width:.2f} {canvas.height:.2f}" '
        f'font-family="{FONT}" stroke-linejoin="round">'
    )
    ground = f'<rect width="100%" height="100%" fill="{canvas.palette.ground}"/>'
    groups = (line for part in canvas.parts for line in _svg_part(part, canvas.palette))
    return "\n".join([head, ground, *groups, "</svg>", ""])


def _svg_part(part: CanvasPart, palette: Palette) -> Iterator[str]:
    yield f'<g class="{part.kind}"><title>{as_text(part.name)}</title>'
    for line in part.lines:
        points, head = drawn_line(line)
        dashes = ' stroke-dasharray="4,3"' if line.dashed else ""
        look = f'fill="none" stroke="{line.colour}" stroke-width="{line.thickness}"{dashes}'
        yield f'<polyline {look} points="{_svg_points(points)}"/>'
        if head:
            yield f'<polygon fill="{line.colour}" points="{_svg_points(head)}"/>'
    for solid in part.solids:
        border, dashes = palette.paints[solid.paint].border, ' stroke-dasharray="3,2"' if solid.dashed else ""
        yield f'<g class="{solid.paint}" stroke="{border}" stroke-width="{STROKE}"{dashes}>'
        for face, corners in solid.fronts():
            yield f'<polygon fill="{shade(palette, solid.paint, face)}" points="{_svg_points(corners)}"/>'
        yield "</g>"
    for swatch in part.swatches:
        colours = f'fill="{shade(palette, swatch.paint, "front")}" stroke="{palette.paints[swatch.paint].border}"'
        look = f'class="{swatch.paint}" {colours} stroke-width="{STROKE}"'
        yield f'<polygon {look} points="{_svg_points(swatch.points())}"/>'
    for circle in part.circles:
        look = f'fill="{palette.ground}" stroke="{palette.line}"' + (' stroke-dasharray="3,2"' if circle.dashed else "")
        yield f'<circle cx="{circle.middle.x:.2f}" cy="{circle.middle.y:.2f}" r="{circle.radius:.2f}" {look}/>'
    yield from map(_svg_text, part.texts)
    yield "</g>"


def _svg_text(text: CanvasText) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    place = f'x="{text.at.x:.2f}" y="{text.at.y + BASELINE * text.size:.2f}" text-anchor="{text.anchor}"'
    fixed = f'textLength="{text.width:.2f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text {place} font-size="{text.size}" fill="{text.colour}"{weight} {fixed}>{as_text(text.text)}</text>'


def _svg_points(points: Iterable[Point]) -> str:
    return " ".join(f"{point.x:.2f},{point.y:.2f}" for point in points)


def _attribute(text: str) -> str:
    return as_text(text).replace('"', "&quot;")


# --- Graphviz ----------------------------------------------------------------------------------------


def dot_picture(canvas: Canvas) -> str:
    """The picture as a graph: its shapes are the background, its texts nodes without an outline."""
    attributes = {
        "bb": f"0,0,{canvas.width:.2f},{canvas.height:.2f}",
        "viewport": ",".join(f"{each:.4f}" for each in _viewport(canvas)),
        "bgcolor": canvas.palette.ground, "pad": "0", "margin": "0", "fontname": FONT,
    }  # fmt: skip
    said = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    # one string of Graphviz's has no more than 16,000 characters, but as many parts as one likes
    shapes = (shape for part in canvas.parts for shape in _Shapes(canvas, part).all() if shape)
    said += " _background=" + " +\n".join(f'"{shape} "' for shape in shapes)
    texts = (text for part in canvas.parts for text in part.texts if text.text.strip())
    nodes = (f"t{number} [{_node(text, canvas)}]" for number, text in enumerate(texts))
    usual = f'shape=none fixedsize=true width=0.01 height=0.01 margin=0 fontname="{FONT}"'
    return "\n".join([f"digraph {{ graph [{said}] node [{usual}]", *nodes, "}"])


def _node(text: CanvasText, canvas: Canvas) -> str:
    """A text as a node's label."""
    said = f"<B>{escaped(text.text)}</B>" if text.bold else escaped(text.text)
    x, y = text.left + text.width / 2, canvas.height - text.at.y
    return f'label=<{said}> pos="{x:.2f},{y:.2f}" fontsize={text.size} fontcolor="{text.colour}"'


def _viewport(canvas: Canvas) -> tuple[float, ...]:
    """The sides on paper, the scale, and the middle."""
    width, height, scale = canvas.width, canvas.height, canvas.scale
    return width * scale, height * scale, scale, width / 2, height / 2


class _Shapes:
    """The shapes of a part in the language `xdot`, whose y grows upwards."""

    def __init__(self, canvas: Canvas, part: CanvasPart) -> None:
        self._canvas = canvas
        self._palette = canvas.palette
        self._part = part

    def all(self) -> Iterator[str]:
        part, palette = self._part, self._palette
        for line in part.lines:
            points, head = drawn_line(line)
            yield self._pen(line.colour, line.thickness, line.dashed)
            yield f"L {self._points(points)}"
            yield f"S 5 -solid {_colour('C', line.colour)} P {self._points(head)}" if head else ""
        for solid in part.solids:
            yield self._pen(palette.paints[solid.paint].border, STROKE, solid.dashed)
            for face, corners in solid.fronts():
                yield f"{_colour('C', shade(palette, solid.paint, face))} P {self._points(corners)}"
        for swatch in part.swatches:
            yield self._pen(palette.paints[swatch.paint].border, STROKE, False)
            yield f"{_colour('C', shade(palette, swatch.paint, 'front'))} P {self._points(swatch.points())}"
        for circle in part.circles:
            yield f"{self._pen(palette.line, 1, circle.dashed)} {_colour('C', palette.ground)}"
            middle = self._flipped(circle.middle)
            yield f"E {middle.x:.2f} {middle.y:.2f} {circle.radius:.2f} {circle.radius:.2f}"

    def _pen(self, colour: str, thickness: float, dashed: bool) -> str:
        width = f"setlinewidth({thickness})"
        return f"{_colour('c', colour)} S {_counted(width)} S {_counted('dashed' if dashed else 'solid')}"

    def _points(self, points: Sequence[Point]) -> str:
        flipped = " ".join(f"{p.x:.2f} {p.y:.2f}" for p in map(self._flipped, points))
        return f"{len(points)} {flipped}"

    def _flipped(self, point: Point) -> Point:
        return Point(point.x, self._canvas.height - point.y)


def _colour(letter: str, colour: str) -> str:
    return f"{letter} {_counted(colour)}"


def _counted(text: str) -> str:
    """A word of ours with its length before it."""
    return f"{len(text)} -{text}"
