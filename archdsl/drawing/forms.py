"""A laid-out figure as forms and strokes, as programs for drawing by hand have them: places, texts and colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from archdsl.drawing.dot import LABEL, dot_name
from archdsl.drawing.faces import (
    AT_A_DOT,
    MARGIN,
    POINTS,
    SMALL,
    Face,
    Line,
    Stretch,
    carried,
    face,
    heading,
    pill_width,
    title,
)  # fmt: skip
from archdsl.drawing.layout import Layout, Point, Spot, bends
from archdsl.drawing.legend import height, placed
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style, nested
from archdsl.figure.palette import CHANGES, Palette

PILL: Final = 22
"""The height of a pill."""
SIGN: Final = 13
"""The font size of the sign in a circle."""
EDGE: Final = MARGIN * POINTS
"""Between the border of a card and its text, in points."""

FormKind = Literal["rounded", "panel", "words", "circle", "bar", "point"]


class Badge(NamedTuple):
    """How often a block stands there, on its box."""

    text: str
    spot: Spot
    colour: str


@dataclass(frozen=True)
class Patch:
    """A box, a panel, a title or an entry of the legend."""

    name: str
    """Unique among all; a box and a panel may be called alike, so a panel's begins with `panel `."""
    kind: FormKind
    spot: Spot
    lines: tuple[Line, ...] = ()
    """Their colours are never empty."""
    pitch: int = 11
    """From line to line, in points."""
    left: bool = False
    """Whether its lines begin at the left."""
    fill: str = ""
    border: str = ""
    thickness: float = 1.1
    dashed: bool = False
    badge: Badge | None = None
    around: tuple[str, ...] = ()
    """Names of the panels that it stands in, the outermost first."""


@dataclass(frozen=True)
class Stroke:
    """A link: the names of what it joins, and its way."""

    source: str
    target: str
    points: tuple[Point, ...]
    """The last is the tip of its arrow, if it has one."""
    arrow: bool
    colour: str
    thickness: float
    dashed: bool
    label: str = ""
    label_at: Point | None = None


@dataclass(frozen=True)
class Sheet:
    """All that a picture shows, panels before what stands in them."""

    width: float
    height: float
    scale: float
    """How large it is to be, set so many times as large."""
    ground: str
    muted: str
    drawn: tuple[Patch, ...]
    strokes: tuple[Stroke, ...]


def sheet_of(part: LaidOut) -> Sheet:
    """The figure as forms and strokes."""
    figure, layout = part
    palette = figure.colours
    around = {_name(item): tuple(map(_name, panels)) for item, panels in nested(figure.items)}
    placed = [
        *_heading(figure, layout, palette),
        *(_panel(panel, layout, palette, around) for panel in figure.panels()),
        *(_box(box, figure, layout, palette, around) for box in figure.boxes()),
    ]
    strokes = tuple(_stroke(link, layout, palette) for link in figure.links)
    return Sheet(layout.width, layout.height, layout.scale, palette.ground, palette.muted, tuple(placed), strokes)


def _name(item: Box | Panel) -> str:
    return f"panel {item.name}" if isinstance(item, Panel) else item.name


# --- title and legend --------------------------------------------------------------------------------


def _heading(figure: Figure, layout: Layout, palette: Palette) -> Iterator[Patch]:
    spot = layout.title
    if spot is None:
        return
    below = height(figure)
    if figure.title:
        above = Spot(spot.x, spot.y - below / 2, spot.width, spot.height - below)
        words = title(figure, palette)
        yield Patch("the title", "words", above, _coloured(words.lines, palette.title), words.pitch)
    for swatch, where in placed(figure, spot):
        paint = palette.paints[swatch.paint]
        yield Patch(
            f"legend {swatch.paint}", "rounded", where, ((Stretch(swatch.text, SMALL, paint.text),),), fill=paint.fill,
            border=paint.border, dashed=swatch.paint == "removed",
        )  # fmt: skip


# --- boxes and panels --------------------------------------------------------------------------------


def _panel(panel: Panel, layout: Layout, palette: Palette, around: dict[str, tuple[str, ...]]) -> Patch:
    border = palette.paints[panel.paint].border if panel.paint else palette.panel_line
    name = _name(panel)
    return Patch(
        name, "panel", layout.panels[dot_name(panel.name)], fill=palette.panel, border=border,
        thickness=2 if panel.paint else 1, dashed=panel.dashed, around=around[name],
    )  # fmt: skip


def _box(box: Box, figure: Figure, layout: Layout, palette: Palette, around: dict[str, tuple[str, ...]]) -> Patch:
    spot = layout.boxes[dot_name(box.name)]
    inside = around[box.name]
    match box.style:
        case Style.CARD | Style.TILE | Style.OP:
            return _filled(box, spot, palette, inside)
        case Style.PORT | Style.HEADER | Style.TITLE:
            words = heading(box, palette)
            colour = palette.paints[box.paint].text if box.paint in CHANGES else palette.title
            return Patch(box.name, "words", spot, _coloured(words.lines, colour), words.pitch, around=inside)
        case Style.MERGE:
            return _sign(box, spot, palette, inside)
        case Style.LOOP:
            lines = tuple((Stretch(line, LABEL, palette.muted),) for line in carried(box))
            return Patch(box.name, "rounded", spot, lines, fill=palette.ground, border=palette.line, around=inside)
        case Style.FORK | Style.TRACK:
            ways = sum(link.source == box.name for link in figure.links)
            kind: FormKind = "point" if ways < 2 else "circle" if ways <= AT_A_DOT else "bar"
            thickness = 0.1 if kind == "bar" else Patch.thickness
            return Patch(
                box.name, kind, spot, fill=palette.line, border=palette.line, thickness=thickness, around=inside
            )


def _filled(box: Box, spot: Spot, palette: Palette, inside: tuple[str, ...]) -> Patch:
    paint = palette.paints[box.paint]
    words = face(box, palette)
    return Patch(
        box.name, "rounded", spot, _coloured(words.lines, paint.text), words.pitch, bool(words.width),
        paint.fill, paint.border, 2 if box.paint in CHANGES and box.paint != "unchanged" else 1.1, box.dashed,
        badge_of(words, box, spot), inside,
    )  # fmt: skip


def _sign(box: Box, spot: Spot, palette: Palette, inside: tuple[str, ...]) -> Patch:
    fill, border, text = palette.ground, palette.line, palette.title
    if box.paint in CHANGES:
        fill, border, text, _ = palette.paints[box.paint]
    line = (Stretch(box.title, SIGN, text),)
    return Patch(box.name, "circle", spot, (line,), fill=fill, border=border, dashed=box.dashed, around=inside)


def badge_of(words: Face, box: Box, spot: Spot) -> Badge | None:
    """At the right of a card, below the text of a tile."""
    if words.times == 1:
        return None
    width = pill_width(words.times)
    place = Spot(spot.right - EDGE - width / 2, spot.y, width, PILL)
    if box.style is Style.TILE:
        place = Spot(spot.x, spot.bottom - 4 - PILL / 2, width, PILL)
    return Badge(f"×{words.times}", place, words.pill)


def _coloured(lines: tuple[Line, ...], own: str) -> tuple[Line, ...]:
    """The lines, with the box's own colour where they have none."""
    return tuple(tuple(span if span.colour else span._replace(colour=own) for span in line) for line in lines)


# --- links -------------------------------------------------------------------------------------------


def _stroke(link: Link, layout: Layout, palette: Palette) -> Stroke:
    way = layout.ways[way_key(link)]
    skip = link.role in (LinkRole.SKIP, LinkRole.SIDE)
    colour = palette.skip if skip else palette.line
    if link.role is LinkRole.GONE:
        colour = palette.paints["removed"].border
    return Stroke(
        link.source, link.target, bends(way.course), way.tip is not None, colour, 1.2 if skip else 1, link.dashed,
        link.text, way.label,
    )  # fmt: skip
