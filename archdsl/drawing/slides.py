"""Writes a figure that has been laid out for PowerPoint: native shapes, connectors tied to them, text to edit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from archdsl.drawing.binding import INSTALL
from archdsl.drawing.dot import LABEL
from archdsl.drawing.faces import Line, Stretch
from archdsl.drawing.forms import EDGE, Badge, Patch, Sheet, Stroke, sheet_of
from archdsl.drawing.labels import BLANK
from archdsl.drawing.layout import POINTS, RADIUS, Point, Spot
from archdsl.drawing.markup import printable
from archdsl.drawing.metrics import text_width
from archdsl.drawing.ooxml import dated, emu, end_line, hold, without_theme
from archdsl.drawing.settle import LaidOut
from archdsl.figure.errors import DrawingError

if TYPE_CHECKING:
    from pptx.dml.color import RGBColor
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.connector import Connector
    from pptx.shapes.shapetree import GroupShapes, SlideShapes
    from pptx.slide import Slide
    from pptx.util import Length

LEAST: Final = 1 * POINTS
"""How long a slide's sides are at least, in points."""
MOST: Final = 56 * POINTS
"""And at most."""
PAD: Final = 12
"""Around the figure, in points."""
TITLE: Final = 255
"""Characters that a file's title can have."""
TYPEFACE: Final = "Arial"
JOINT: Final = 0.1
"""The sides of what joins two connectors of a way, in points."""
CLOSE: Final = 1.0
"""How far from the middle of a side a way ends at most that is drawn to there, in points."""

Tie = tuple[int, int]
"""The id of a shape, and the number of a place on it."""


def slides(parts: Sequence[LaidOut]) -> bytes:
    """The figures, each on a slide; slides are as large as the largest of them.

    Where that is more than PowerPoint takes, all is set smaller. Raises DrawingError without python-pptx.
    """
    try:
        from pptx import Presentation
    except ImportError:
        raise DrawingError("a `.pptx` needs the package `python-pptx`", INSTALL) from None
    sheets = list(map(sheet_of, parts))
    longest = max(side * sheet.scale for sheet in sheets for side in (sheet.width, sheet.height))
    smaller = min(1.0, (MOST - 2 * PAD) / longest)
    writers = [_Writer(sheet, smaller * sheet.scale) for sheet in sheets]
    deck = Presentation()
    widths, heights = zip(*(writer.sides() for writer in writers), strict=True)
    deck.slide_width, deck.slide_height = max(widths), max(heights)
    for writer in writers:
        writer.write(deck.slides.add_slide(deck.slide_layouts[6]))  # the empty one
    figure = parts[0].figure
    deck.core_properties.title = printable(figure.title or figure.name)[:TITLE]
    deck.core_properties.author = "archdsl"
    file = BytesIO()
    deck.save(file)
    return dated(file)


class _Writer:
    def __init__(self, sheet: Sheet, scale: float) -> None:
        self._sheet = sheet
        self._scale = scale
        self._drawn = {each.name: each for each in sheet.drawn}
        self._shapes: dict[str, Shape] = {}
        self._joints: dict[tuple[str, Point], Tie] = {}
        self._ends: defaultdict[str, list[Point]] = defaultdict(list)
        for stroke in sheet.strokes:
            self._ends[stroke.source].append(stroke.points[0])
            self._ends[stroke.target].append(stroke.points[-1])

    def sides(self) -> tuple[Length, Length]:
        """Of the slide, across and down."""
        across, down = (max(side * self._scale + 2 * PAD, LEAST) for side in (self._sheet.width, self._sheet.height))
        return emu(across), emu(down)

    def write(self, slide: Slide) -> None:
        """Panels, then boxes, then links: what is added later lies above."""
        slide.background.fill.solid()
        slide.background.fill.fore_color.rgb = _colour(self._sheet.ground)
        shapes = slide.shapes
        panels = [each for each in self._sheet.drawn if each.kind == "panel"]
        boxes = [each for each in self._sheet.drawn if each.kind != "panel"]
        for each in (*panels, *boxes):
            self._form(shapes, each)
        for stroke in self._sheet.strokes:
            self._stroke(shapes, stroke)

    # --- forms -----------------------------------------------------------------------------------

    def _form(self, shapes: SlideShapes, drawn: Patch) -> None:
        """A form; with what moves along with it, a group."""
        ends = [end for end in self._ends[drawn.name] if _middle(end, drawn) is None]
        tree = shapes.add_group_shape().shapes if ends or drawn.badge is not None else shapes
        self._shapes[drawn.name] = self._outline(tree, drawn)
        if drawn.badge is not None:
            self._badge(tree, drawn.badge)
        for end in dict.fromkeys(ends):
            self._joints[drawn.name, end] = (self._joint(tree, end), 0)

    def _outline(self, shapes: SlideShapes | GroupShapes, drawn: Patch) -> Shape:
        from pptx.enum.shapes import MSO_SHAPE

        outlines = {"circle": MSO_SHAPE.OVAL, "point": MSO_SHAPE.OVAL, "bar": MSO_SHAPE.RECTANGLE}
        outlines |= {"rounded": MSO_SHAPE.ROUNDED_RECTANGLE, "panel": MSO_SHAPE.ROUNDED_RECTANGLE}
        shape = shapes.add_shape(outlines.get(drawn.kind, MSO_SHAPE.RECTANGLE), *self._box(drawn.spot))
        shape.name = printable(drawn.name)
        self._paint(shape, drawn)
        if drawn.kind in ("rounded", "panel"):
            shape.adjustments[0] = min(0.5, (RADIUS - 1) / min(drawn.spot.width, drawn.spot.height))
        self._write(shape, drawn.lines, drawn.pitch, EDGE if drawn.left else None)
        return shape

    def _paint(self, shape: Shape, drawn: Patch) -> None:
        from pptx.enum.dml import MSO_LINE

        without_theme(shape)
        if drawn.kind in ("words", "point"):
            shape.fill.background()
            shape.line.fill.background()
            return
        shape.fill.solid()
        shape.fill.fore_color.rgb = _colour(drawn.fill)
        shape.line.color.rgb = _colour(drawn.border)
        shape.line.width = emu(drawn.thickness * self._scale)
        if drawn.dashed:
            shape.line.dash_style = MSO_LINE.DASH

    def _badge(self, shapes: Any, badge: Badge) -> None:
        from pptx.enum.shapes import MSO_SHAPE

        pill = shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, *self._box(badge.spot))
        without_theme(pill)
        pill.fill.solid()
        pill.fill.fore_color.rgb = _colour(badge.colour)
        pill.line.fill.background()
        self._write(pill, ((Stretch(badge.text, 11, "#FFFFFF", bold=True),),), 11)

    def _write(self, shape: Shape, lines: Sequence[Line], pitch: float, inset: float | None = None) -> None:
        """The lines into the shape, none of them broken: in the middle, or so far from its left."""
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
        from pptx.util import Pt

        frame = shape.text_frame
        frame.word_wrap = False
        frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        frame.margin_left = emu((inset or 0) * self._scale)
        frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for number, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.CENTER if inset is None else PP_ALIGN.LEFT
            paragraph.line_spacing = Pt(max(1, max(pitch, 1.15 * max(span.size for span in line)) * self._scale))
            for span in line:
                run = paragraph.add_run()
                run.text = printable(span.text)
                run.font.size = emu(span.size * self._scale)
                run.font.bold = span.bold
                run.font.name = TYPEFACE
                run.font.color.rgb = _colour(span.colour)

    # --- strokes ---------------------------------------------------------------------------------

    def _stroke(self, shapes: SlideShapes, stroke: Stroke) -> None:
        """A straight connector for each piece: programs route bent ones anew, each in its own manner."""
        inner = [(self._joint(shapes, corner), 0) for corner in stroke.points[1:-1]]
        ends = [self._site(stroke.source, stroke.points[0]), *inner, self._site(stroke.target, stroke.points[-1])]
        last = len(ends) - 2
        for number, (piece, tied) in enumerate(zip(pairwise(stroke.points), pairwise(ends), strict=True)):
            connector = self._connector(shapes, piece, stroke)
            end_line(connector, arrow=stroke.arrow and number == last)
            hold(connector, *tied)
        if stroke.label and stroke.label_at is not None:
            self._label(shapes, stroke.label, stroke.label_at)

    def _connector(self, shapes: SlideShapes, piece: tuple[Point, Point], stroke: Stroke) -> Connector:
        from pptx.enum.dml import MSO_LINE
        from pptx.enum.shapes import MSO_CONNECTOR

        ends = [emu(side) for point in map(self._point, piece) for side in point]
        connector = shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *ends)
        without_theme(connector)
        connector.line.color.rgb = _colour(stroke.colour)
        connector.line.width = emu(stroke.thickness * self._scale)
        if stroke.dashed:
            connector.line.dash_style = MSO_LINE.DASH
        return connector

    def _site(self, name: str, end: Point) -> Tie:
        """Where a way ends on a form: one of the form's own places, or a joint at its border."""
        return self._joints.get((name, end)) or (self._shapes[name].shape_id, _middle(end, self._drawn[name]) or 0)

    def _joint(self, shapes: SlideShapes | GroupShapes, place: Point) -> int:
        """A point that is not seen: its id."""
        from pptx.enum.shapes import MSO_SHAPE

        joint = shapes.add_shape(MSO_SHAPE.RECTANGLE, *self._box(Spot(place.x, place.y, JOINT, JOINT)))
        joint.name = "joint"
        without_theme(joint)
        joint.fill.background()
        joint.line.fill.background()
        return joint.shape_id

    def _label(self, shapes: SlideShapes, text: str, place: Point) -> None:
        width = text_width(text, LABEL)
        words = (Stretch(text, LABEL, self._sheet.muted),)
        box = shapes.add_textbox(*self._box(Spot(place.x + BLANK / 2, place.y, width, LABEL + 2)))
        self._write(box, (words,), LABEL, 0)

    # --- places ----------------------------------------------------------------------------------

    def _point(self, point: Point) -> Point:
        return Point(point.x * self._scale + PAD, point.y * self._scale + PAD)

    def _box(self, spot: Spot) -> tuple[Length, Length, Length, Length]:
        corner = self._point(Point(spot.left, spot.top))
        sides = (corner.x, corner.y, spot.width * self._scale, spot.height * self._scale)
        left, top, width, height = map(emu, sides)
        return left, top, width, height


def _middle(end: Point, drawn: Patch) -> int | None:
    """The number of the side of a form in whose middle a way ends; None where it ends elsewhere."""
    spot = drawn.spot
    middles = [(spot.x, spot.top), (spot.left, spot.y), (spot.x, spot.bottom), (spot.right, spot.y)]
    near = [number for number, middle in enumerate(middles) if math.dist(end, middle) < CLOSE]
    if not near:
        return None
    return near[0] * (2 if drawn.kind in ("circle", "point") else 1)  # a circle has places between those


def _colour(text: str) -> RGBColor:
    from pptx.dml.color import RGBColor

    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return RGBColor(red, green, blue)  # type: ignore[no-untyped-call]
