"""Writes a figure that has been laid out as a LaTeX file, drawn with TikZ.

The file is there to be read and changed: what the boxes of a kind have in common is said once at the top, then
comes a line for each box and each link. pdflatex sets it, with what every TeX distribution has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from archdsl.drawing.dot import dot_name
from archdsl.drawing.faces import AT_A_DOT, HEADING, TINY, Face, Line, Stretch, carried, face, heading, title
from archdsl.drawing.identifiers import identifiers
from archdsl.drawing.labels import BLANK
from archdsl.drawing.latex import escaped
from archdsl.drawing.layout import Layout, Point, Spot, bends
from archdsl.drawing.legend import height, placed
from archdsl.drawing.settle import way_key
from archdsl.drawing.tikz_preamble import ARROW, RADIUS, preamble, used_paints
from archdsl.figure.errors import TooLargeError
from archdsl.figure.figure import Box, Figure, Link, Panel, Style
from archdsl.figure.palette import CHANGES

MOST: Final = 14_400
"""TeX knows no length much longer, in points."""
PAD: Final = 6
"""Around the figure, in points."""
NEAR: Final = 0.1
"""Points closer than this are on one line."""
_FACES: Final = {11: "op", 12: "tile", 13: "card"}
"""Styles by the pitch of their lines."""


def tikz_source(figure: Figure, layout: Layout) -> str:
    """The figure as a LaTeX document of its own, in the size that the layout says. Raises TooLargeError."""
    if max(layout.width, layout.height) > MOST:
        raise TooLargeError("the figure is too large for tikz")
    writer = _Writer(figure, layout)
    return "\n".join([*preamble(figure, layout.scale), *writer.lines(), r"\end{tikzpicture}", r"\end{document}", ""])


class _Writer:
    def __init__(self, figure: Figure, layout: Layout) -> None:
        self._figure = figure
        self._layout = layout
        self._palette = figure.colours
        self._colours = {self._palette.paints[name].text: f"{name} text" for name in used_paints(figure)}
        self._colours[self._palette.muted] = "muted"
        panels = (f"panel {panel.name}" for panel in figure.panels())
        self._names = identifiers([*(box.name for box in figure.boxes()), *panels])

    def lines(self) -> Iterator[str]:
        layout = self._layout
        far = _place(Point(layout.width + PAD, layout.height + PAD))
        yield rf"\fill[ground] {_place(Point(-PAD, -PAD))} rectangle {far};"
        yield from self._title()
        yield from map(self._panel, self._figure.panels())
        yield from map(self._box, self._figure.boxes())
        yield from map(self._link, self._figure.links)

    # --- title and legend ------------------------------------------------------------------------

    def _title(self) -> Iterator[str]:
        spot, figure = self._layout.title, self._figure
        if spot is None:
            return
        below = height(figure)
        if figure.title:
            place = Point(spot.x, spot.y - below / 2)
            size = _size(spot.width, spot.height - below)
            yield rf"\node[words={size}] at {_place(place)} {{{self._text(title(figure, self._palette))}}};"
        for swatch, where in placed(figure, spot):
            look = f"op={_size(where.width, where.height)}, {swatch.paint}"
            look += ", dashed" if swatch.paint == "removed" else ""
            yield rf"\node[{look}] at {_place(where)} {{{escaped(swatch.text)}}};"

    # --- boxes and panels ------------------------------------------------------------------------

    def _panel(self, panel: Panel) -> str:
        spot = self._layout.panels[dot_name(panel.name)]
        look = [f"panel={_size(spot.width, spot.height)}"]
        look += [f"draw={panel.paint} line", "line width=2bp"] if panel.paint else []
        look += ["dashed"] if panel.dashed else []
        return rf"\node[{', '.join(look)}] ({self._names[f'panel {panel.name}']}) at {_place(spot)} {{}};"

    def _box(self, box: Box) -> str:
        spot = self._layout.boxes[dot_name(box.name)]
        look, text = self._look(box, spot)
        name = self._names[box.name]
        if not look:
            return rf"\coordinate ({name}) at {_place(spot)};"
        node = rf"\node[{look}] ({name}) at {_place(spot)} {{{text}}};"
        if box.times == 1 or box.style not in (Style.CARD, Style.TILE):
            return node
        pill = r"\pillbelow" if box.style is Style.TILE else r"\pill"
        return f"{node} {pill}{{{name}}}{{{box.paint}}}{{{box.times}}}"

    def _look(self, box: Box, spot: Spot) -> tuple[str, str]:
        """The styles and the text of a box; no style for a point that only leads a link."""
        size, palette = _size(spot.width, spot.height), self._palette
        changed = f", text={box.paint} text" if box.paint in CHANGES else ""
        match box.style:
            case Style.CARD | Style.TILE | Style.OP:
                found = face(box, palette)
                room = r"\pillroom" if box.style is Style.TILE and box.times > 1 else ""
                look = f"{_FACES[found.pitch]}={size}, {box.paint}" + (", dashed" if box.dashed else "")
                return look, self._text(found, palette.paints[box.paint].text) + room
            case Style.PORT | Style.HEADER | Style.TITLE:
                return f"words={size}{changed}", self._text(heading(box, palette))
            case Style.MERGE:
                look = "merge" + (f", fill={box.paint}, draw={box.paint} line" if changed else "")
                return look + (", dashed" if box.dashed else ""), escaped(box.title)
            case Style.LOOP:
                return f"carry={size}", _joined(map(escaped, carried(box)))
            case Style.FORK | Style.TRACK:
                ways = sum(link.source == box.name for link in self._figure.links)
                return "" if ways < 2 else "dot" if ways <= AT_A_DOT else f"bar={size}", ""

    def _text(self, words: Face, own: str = "") -> str:
        """Lines of text; `own` is the colour that the box gives it."""
        return _joined(self._line(line, own) for line in words.lines)

    def _line(self, line: Line, own: str) -> str:
        return r"\enspace ".join(self._span(span, own) for span in line if span.text.strip())

    def _span(self, span: Stretch, own: str) -> str:
        text = escaped(span.text.strip())
        if span.bold:
            return rf"\{'heading' if span.size == HEADING else 'name'}{{{text}}}"
        colour = "" if span.colour == own else self._colours[span.colour]
        if span.size == TINY:
            return rf"\note{{{text}}}" if colour == "muted" else rf"\note[{colour or '.'}]{{{text}}}"
        return rf"\textcolor{{{colour}}}{{{text}}}" if colour else text

    # --- links -----------------------------------------------------------------------------------

    def _link(self, link: Link) -> str:
        way = self._layout.ways[way_key(link)]
        look = [f"{link.role.value} link", *(["dashed"] if link.dashed else []), *([] if way.tip else ["-"])]
        points = bends([*way.points, *([way.tip] if way.tip else [])])
        radius = _radius(points, ARROW if way.tip else 0)
        look += [f"rounded corners={_number(radius)}bp"] if radius < RADIUS else []
        drawn = rf"\draw[{', '.join(look)}] {self._course(link, points)};"
        if not link.text or way.label is None:
            return drawn
        place = Point(way.label.x + BLANK / 2, way.label.y)
        return rf"{drawn} \node[shape note] at {_place(place)} {{{escaped(link.text)}}};"

    def _course(self, link: Link, points: Sequence[Point]) -> str:
        """The way: from box to box where it is straight from middle to middle, so that it follows when they move."""
        spots = [self._layout.boxes[dot_name(name)] for name in (link.source, link.target)]
        across = [*(point.x for point in points), *(spot.x for spot in spots)]
        down = [*(point.y for point in points), *(spot.y for spot in spots)]
        if min(max(across) - min(across), max(down) - min(down)) < NEAR:
            return f"({self._names[link.source]}) -- ({self._names[link.target]})"
        return " -- ".join(map(_place, points))


def _joined(lines: Iterable[str]) -> str:
    """Lines below each other. What begins with a bracket or a star would belong to the end of the line before."""
    return r" \\ ".join(f"{{}}{line}" if line.startswith(("[", "*")) else line for line in lines)


def _radius(points: Sequence[Point], head: float) -> float:
    """Of the corners of a way: half a piece between two corners must have room for one."""
    lengths = [math.dist(*pair) for pair in pairwise(points)]
    if len(lengths) == 1:
        return RADIUS
    return max(0, min(RADIUS, lengths[0], lengths[-1] - head, *(length / 2 for length in lengths[1:-1])))


def _place(point: Point | Spot) -> str:
    return f"({_number(point.x)},{_number(point.y)})"


def _size(width: float, height: float) -> str:
    return f"{{{_number(width)}}}{{{_number(height)}}}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
