"""A laid-out figure as plain data, from which the page's script draws it when it is opened.

Lengths are points; the origin is the top left corner. Colours and typefaces are not said: they are the style sheet's,
by classes. Text stands there as text, so that nothing of a spec is ever read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from archdsl.drawing.dot import LABEL, dot_name
from archdsl.drawing.faces import SIZE, SMALL, TINY, Face, Line, Stretch, carried, face, heading
from archdsl.drawing.forms import EDGE, SIGN, badge_of
from archdsl.drawing.labels import BLANK
from archdsl.drawing.layout import Point, Spot, bends
from archdsl.drawing.markup import printable
from archdsl.drawing.metrics import text_width
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Box, Figure, Link, Panel, Style
from archdsl.figure.palette import Palette

DrawnFigure = dict[str, Any]

PAD: Final = 6.0
"""Around a figure, in points."""
_CLASSES: Final = {SIZE: "name", SMALL: "field", TINY: "small", SIGN: "sign", LABEL: "shape"}
"""The class of a text by its size."""
_TALL: Final = 12
"""The least height of a line that has a name in it, in points."""
_BELOW: Final = {SIZE: 2.9, SMALL: 2.9, TINY: 2.5, SIGN: 4.7, LABEL: 2.7}
"""By the size of a text: how far below the middle of its line it stands, in points."""
_TIMES: Final = 11
"""The font size in a pill."""


def drawn(part: LaidOut) -> DrawnFigure:
    """The figure's panels, boxes and links, and the part of the sheet that they take."""
    figure, layout = part
    palette = figure.colours
    panels = [_panel(panel, layout.panels[dot_name(panel.name)]) for panel in figure.panels()]
    boxes = [each for box in figure.boxes() for each in _box(box, layout.boxes[dot_name(box.name)], figure, palette)]
    links = [_link(link, part) for link in figure.links]
    return {"frame": _frame(panels, boxes, links), "panels": panels, "boxes": boxes, "links": links}


# --- boxes and panels --------------------------------------------------------------------------------


def _panel(panel: Panel, spot: Spot) -> dict[str, Any]:
    return {"at": _corner(spot), **({"dashed": True} if panel.dashed else {})}


def _box(box: Box, spot: Spot, figure: Figure, palette: Palette) -> Iterator[dict[str, Any]]:
    """The box; nothing where it only leads a link."""
    said = {"name": printable(box.name), "at": _corner(spot), **({"dashed": True} if box.dashed else {})}
    match box.style:
        case Style.CARD | Style.TILE | Style.OP:
            words = face(box, palette)
            look = f"{'op' if box.style is Style.OP else 'card'} {box.paint}"
            yield said | {"look": look, "texts": list(_lines(words, spot, palette)), **_pill(words, box, spot)}
        case Style.PORT | Style.HEADER | Style.TITLE:
            yield said | {"look": box.style.value, "texts": list(_lines(heading(box, palette), spot, palette))}
        case Style.MERGE | Style.LOOP:
            sign = box.style is Style.MERGE
            lines = [box.title] if sign else carried(box)
            words = Face(tuple((Stretch(line, SIGN if sign else LABEL),) for line in lines), 11)
            yield said | {"look": box.style.value, "texts": list(_lines(words, spot, palette))}
        case Style.FORK:
            ways = sum(link.source == box.name for link in figure.links)
            if ways > 1:
                yield said | {"look": "fork" if ways == 2 else "fork bar", "texts": []}


def _lines(words: Face, spot: Spot, palette: Palette) -> Iterator[list[Any]]:
    """Each piece of text with its class, its start and its length."""
    heights = [max(words.pitch, _TALL if any(each.bold for each in line) else 0) for line in words.lines]
    top = spot.y - sum(heights) / 2
    for line, height in zip(words.lines, heights, strict=True):
        size = max(each.size for each in line)
        base = Point(spot.left + EDGE, top + height / 2 + _BELOW.get(size, 0.3 * size))
        yield from _line(line, base if words.width else base._replace(x=spot.x - _width(line) / 2), palette)
        top += height


def _line(line: Line, start: Point, palette: Palette) -> Iterator[list[Any]]:
    x = start.x
    for each in line:
        text = each.text.lstrip()
        x += _width([each]) - text_width(text, each.size, bold=each.bold)
        if text.strip():
            own = " own" if each.size == TINY and each.colour != palette.muted else ""
            yield _text(_CLASSES.get(each.size, "name") + own, x, start.y, text, each.size, bold=each.bold)
        x += text_width(text, each.size, bold=each.bold)


def _width(line: Iterable[Stretch]) -> float:
    return sum(text_width(each.text, each.size, bold=each.bold) for each in line)


def _text(look: str, x: float, y: float, text: str, size: float, *, bold: bool = False) -> list[Any]:
    return [look, _round(x), _round(y), _round(text_width(text, size, bold=bold)), printable(text)]


def _pill(words: Face, box: Box, spot: Spot) -> dict[str, Any]:
    badge = badge_of(words, box, spot)
    if badge is None:
        return {}
    width = text_width(badge.text, _TIMES, bold=True)
    y = badge.spot.y + 0.35 * _TIMES
    text = _text("times", badge.spot.x - width / 2, y, badge.text, _TIMES, bold=True)
    return {"pill": {"at": _corner(badge.spot), "text": text}}


# --- links -------------------------------------------------------------------------------------------


def _link(link: Link, part: LaidOut) -> dict[str, Any]:
    way = part.layout.ways[way_key(link)]
    course = bends(way.course)
    said = {
        "look": link.role.value, "ends": [printable(link.source), printable(link.target)],
        "way": [_round(each) for point in course for each in point],
        **({"arrow": True} if way.tip is not None else {}), **({"dashed": True} if link.dashed else {}),
    }  # fmt: skip
    if not link.text or way.label is None:
        return said
    left = way.label.x + (BLANK - text_width(link.text, LABEL)) / 2
    return said | {"text": _text("shape", left, way.label.y + _BELOW[LABEL], link.text, LABEL)}


def _frame(*parts: Iterable[dict[str, Any]]) -> list[float]:
    """All of it with some room around, as left, top, width and height."""
    everything = [each for part in parts for each in part]
    corners = [each["at"] for each in everything if "at" in each]
    ways = [each["way"] for each in everything if "way" in each]
    texts = [each["text"] for each in everything if "text" in each]
    xs = [x for left, _, width, _ in corners for x in (left, left + width)]
    xs += [x for way in ways for x in way[::2]] + [x for _, left, _, long, _ in texts for x in (left, left + long)]
    ys = [y for _, top, _, height in corners for y in (top, top + height)] + [y for way in ways for y in way[1::2]]
    if not xs:
        return [0, 0, 1, 1]
    left, top = min(xs) - PAD, min(ys) - PAD
    return [_round(each) for each in (left, top, max(xs) + PAD - left, max(ys) + PAD - top)]


def _corner(spot: Spot) -> list[float]:
    return [_round(each) for each in (spot.left, spot.top, spot.width, spot.height)]


def _round(number: float) -> float:
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded
