"""Writes a figure that has been laid out as a file of draw.io (diagrams.net): boxes to move, links that follow them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as xml

from archdsl.drawing.dot import FONT, LABEL
from archdsl.drawing.faces import Line, Stretch
from archdsl.drawing.forms import EDGE, Badge, Patch, Sheet, Stroke, sheet_of
from archdsl.drawing.identifiers import identifiers
from archdsl.drawing.labels import BLANK
from archdsl.drawing.layout import RADIUS, Point, Spot
from archdsl.drawing.markup import as_text, printable
from archdsl.drawing.settle import LaidOut

_LOOKS: Final = {
    "rounded": {"rounded": "1", "absoluteArcSize": "1", "arcSize": "14"},
    "panel": {"rounded": "1", "absoluteArcSize": "1", "arcSize": "18", "container": "1", "collapsible": "0"},
    "words": {"text": ""},
    "circle": {"ellipse": ""},
    "bar": {},
    "point": {"ellipse": ""},
}
"""Styles by the kind of form. What has no value is the name of a style."""
_LAYER: Final = "layer"


def drawio_source(parts: Sequence[LaidOut]) -> str:
    """The figures as draw.io's XML, each on a page of its size; a scale is the page's, on paper."""
    file = xml.Element("mxfile", host="archdsl")
    for number, part in enumerate(parts, 1):
        sheet = sheet_of(part)
        title = printable(part.figure.title or part.figure.name)
        page = xml.SubElement(file, "diagram", id=f"page-{number}", name=title)
        model = xml.SubElement(
            page, "mxGraphModel", grid="0", page="1", pageWidth=_number(sheet.width), pageHeight=_number(sheet.height),
            pageScale=f"{sheet.scale:.4g}", background=sheet.ground,
        )  # fmt: skip
        _Writer(sheet, xml.SubElement(model, "root")).write()
    xml.indent(file)
    return xml.tostring(file, encoding="unicode") + "\n"


class _Writer:
    def __init__(self, sheet: Sheet, root: xml.Element) -> None:
        self._sheet = sheet
        self._root = root
        self._drawn = {each.name: each for each in sheet.drawn}
        self._ids = identifiers(self._drawn, reserved=("root", _LAYER))

    def write(self) -> None:
        """Adds a cell for every form and every stroke."""
        xml.SubElement(self._root, "mxCell", id="root")
        xml.SubElement(self._root, "mxCell", {"id": _LAYER, "parent": "root"})
        for drawn in self._sheet.drawn:
            self._form(drawn)
        for number, stroke in enumerate(self._sheet.strokes, 1):
            self._stroke(f"link-{number}", stroke)

    # --- forms -----------------------------------------------------------------------------------

    def _form(self, drawn: Patch) -> None:
        name = self._ids[drawn.name]
        parent, origin = self._frame(drawn.around)
        text = "<br>".join(map(_line, drawn.lines))
        self._vertex(name, parent, drawn.spot.moved(-origin.x, -origin.y), text, _look(drawn))
        if drawn.badge is not None:
            self._badge(name, drawn.spot, drawn.badge)

    def _badge(self, parent: str, around: Spot, badge: Badge) -> None:
        """A part of its box: it moves with it."""
        look = {
            "rounded": "1", "absoluteArcSize": "1", "arcSize": "14", "html": "1", "fillColor": badge.colour,
            "strokeColor": "none", "fontColor": "#FFFFFF", "fontSize": "11", "fontStyle": "1", "fontFamily": FONT,
            "connectable": "0",
        }  # fmt: skip
        spot = badge.spot.moved(-around.left, -around.top)
        self._vertex(f"{parent}-times", parent, spot, as_text(badge.text), look)

    def _vertex(self, name: str, parent: str, spot: Spot, text: str, look: dict[str, str]) -> None:
        cell = self._cell(name, parent, text, look, vertex="1")
        sides = {"x": spot.left, "y": spot.top, "width": spot.width, "height": spot.height}
        xml.SubElement(cell, "mxGeometry", {**{side: _number(at) for side, at in sides.items()}, "as": "geometry"})

    def _cell(self, name: str, parent: str, text: str, look: dict[str, str], **more: str) -> xml.Element:
        attributes = {"id": name, "parent": parent, "value": text, "style": _style(look), **more}
        return xml.SubElement(self._root, "mxCell", attributes)

    def _frame(self, around: Sequence[str]) -> tuple[str, Point]:
        """The cell that places are counted in, and where it begins."""
        if not around:
            return _LAYER, Point(0, 0)
        panel = self._drawn[around[-1]].spot
        return self._ids[around[-1]], Point(panel.left, panel.top)

    # --- strokes ---------------------------------------------------------------------------------

    def _stroke(self, name: str, stroke: Stroke) -> None:
        """A link belongs to the innermost panel that holds both its ends, and moves with that."""
        ends = [self._drawn[stroke.source], self._drawn[stroke.target]]
        common = [one for one, other in zip(*(end.around for end in ends), strict=False) if one == other]
        parent, origin = self._frame(common)
        look = {
            "edgeStyle": "none", "rounded": "1", "arcSize": f"{2 * RADIUS:.0f}", "html": "1",
            "strokeColor": stroke.colour, "strokeWidth": _number(stroke.thickness),
            "endArrow": "block" if stroke.arrow else "none", "endSize": "4", "endFill": "1",
            **_leaving("exit", stroke.points[0], ends[0].spot), **_leaving("entry", stroke.points[-1], ends[1].spot),
            **({"dashed": "1"} if stroke.dashed else {}),
        }  # fmt: skip
        ids = {"source": self._ids[stroke.source], "target": self._ids[stroke.target]}
        cell = self._cell(name, parent, "", look, edge="1", **ids)
        geometry = xml.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
        if len(stroke.points) > 2:
            points = xml.SubElement(geometry, "Array", {"as": "points"})
            for point in stroke.points[1:-1]:
                _add_point(points, point.moved(-origin.x, -origin.y))
        if stroke.label_at is not None and stroke.label:
            self._label(name, stroke, stroke.label_at)

    def _label(self, parent: str, stroke: Stroke, place: Point) -> None:
        """Where it is beside the middle of the way."""
        middle = _middle(stroke.points)
        look = {
            "edgeLabel": "", "html": "1", "align": "center", "verticalAlign": "middle", "resizable": "0",
            "labelBackgroundColor": "none", "fontColor": self._sheet.muted, "fontSize": f"{LABEL}", "fontFamily": FONT,
        }  # fmt: skip
        cell = self._cell(f"{parent}-label", parent, as_text(stroke.label), look, vertex="1", connectable="0")
        geometry = xml.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
        _add_point(geometry, place.moved(BLANK / 2 - middle.x, -middle.y), role="offset")


def _add_point(parent: xml.Element, point: Point, role: str = "") -> None:
    xml.SubElement(parent, "mxPoint", {"x": _number(point.x), "y": _number(point.y), **({"as": role} if role else {})})


def _look(drawn: Patch) -> dict[str, str]:
    bare = drawn.kind in ("words", "point")
    return {
        **_LOOKS[drawn.kind],
        "html": "1",
        "fillColor": "none" if bare else drawn.fill,
        "strokeColor": "none" if bare else drawn.border,
        "strokeWidth": _number(drawn.thickness),
        "fontFamily": FONT,
        "verticalAlign": "middle",
        "align": "left" if drawn.left else "center",
        **({"spacingLeft": _number(EDGE - 2)} if drawn.left else {}),
        **({"dashed": "1"} if drawn.dashed else {}),
    }


def _leaving(what: str, point: Point, spot: Spot) -> dict[str, str]:
    """Where on a box a link begins or ends, as parts of the box's sides."""
    x = (point.x - spot.left) / spot.width if spot.width else 0.5
    y = (point.y - spot.top) / spot.height if spot.height else 0.5
    places = {"X": min(max(x, 0.0), 1.0), "Y": min(max(y, 0.0), 1.0)}
    return {**{f"{what}{axis}": f"{place:.4g}" for axis, place in places.items()}, f"{what}Perimeter": "0"}


def _middle(points: Sequence[Point]) -> Point:
    """The point halfway along a way."""
    pieces = list(pairwise(points))
    left = sum(math.dist(*piece) for piece in pieces) / 2
    for start, end in pieces:
        length = math.dist(start, end)
        if length and left <= length:
            part = left / length
            return Point(start.x + part * (end.x - start.x), start.y + part * (end.y - start.y))
        left -= length
    return points[-1]


def _line(line: Line) -> str:
    return "".join(map(_span, line))


def _span(span: Stretch) -> str:
    text = as_text(span.text)
    inner = f"<b>{text}</b>" if span.bold else text
    return f'<font style="font-size: {span.size}px; color: {span.colour}">{inner}</font>'


def _style(look: dict[str, str]) -> str:
    """Nothing in it comes from a spec."""
    return "".join(f"{name}={value};" if value else f"{name};" for name, value in look.items())


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
