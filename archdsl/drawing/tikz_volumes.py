"""Writes a picture of volumes as a LaTeX file, drawn with TikZ: a line for each solid, link and text, to be edited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from archdsl.drawing.canvas import BASELINE, SHADES, STROKE, Canvas, CanvasLine, CanvasPart, CanvasText, Circle, Square
from archdsl.drawing.latex import escaped
from archdsl.drawing.layout import Point
from archdsl.drawing.solids import Solid
from archdsl.drawing.tikz_preamble import colours, opening
from archdsl.figure.errors import TooLargeError
from archdsl.figure.palette import Palette

MOST: Final = 14_400
"""TeX knows no length much longer, in points."""
_LINKS: Final = {"skip": "skip link", "side": "side link"}
"""Styles by what a link is, where that is another one than the usual."""
_ANCHORS: Final = {"start": "base west", "middle": "base", "end": "base east"}


def tikz_volumes(canvas: Canvas) -> str:
    """The picture as a LaTeX document of its own. Raises TooLargeError."""
    if max(canvas.width, canvas.height) > MOST:
        raise TooLargeError("the figure is too large for tikz")
    far = _place(Point(canvas.width, canvas.height))
    lines = [
        *opening(canvas.name, [*colours(canvas.palette, _paints(canvas)), *_MACROS], canvas.scale),
        rf"\fill[ground] (0,0) rectangle {far};",
        *(line for part in canvas.parts for line in _part(part, canvas.palette)),
        r"\end{tikzpicture}", r"\end{document}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _paints(canvas: Canvas) -> list[str]:
    """The paints that are used, in the palette's order."""
    used = {solid.paint for part in canvas.parts for solid in part.solids}
    used |= {swatch.paint for part in canvas.parts for swatch in part.swatches}
    return [name for name in canvas.palette.paints if name in used]


def _part(part: CanvasPart, palette: Palette) -> Iterator[str]:
    yield f"% {escaped(part.name)}"
    yield from (_line(line, _LINKS.get(part.kind, "link")) for line in part.lines)
    yield from map(_solid, part.solids)
    yield from map(_swatch, part.swatches)
    yield from map(_circle, part.circles)
    yield from (_text(text, palette) for text in part.texts)


def _line(line: CanvasLine, style: str) -> str:
    look = [style, *(["dashed"] if line.dashed else [])]
    return rf"\draw[{', '.join(look)}] {' -- '.join(map(_place, line.points))};"


def _solid(solid: Solid) -> str:
    """The macro of solids with its kind, place, sides, the offset of its back, and of its band."""
    lengths = (solid.width, solid.height, solid.across, solid.up)
    arguments = "".join(f"{{{_number(length)}}}" for length in lengths)
    look = "[dashed]" if solid.dashed else ""
    drawn = rf"\volume{look}{{{solid.paint}}}{{{_number(solid.x)},{_number(solid.y)}}}{arguments}"
    if not solid.band:
        return drawn
    at = f"{{{_number(solid.x + solid.width - solid.band)},{_number(solid.y)}}}"
    arguments = "".join(f"{{{_number(length)}}}" for length in (solid.band, *lengths[1:]))
    return rf"{drawn} \band{look}{{{solid.paint}}}{at}{arguments}"


def _swatch(swatch: Square) -> str:
    corner, _, opposite, _ = map(_place, swatch.points())
    look = f"fill={_mix(swatch.paint, 'front')}, draw={swatch.paint} line, line width={STROKE}bp"
    return rf"\filldraw[{look}] {corner} rectangle {opposite};"


def _circle(circle: Circle) -> str:
    look = "merge, dashed" if circle.dashed else "merge"
    return rf"\node[{look}] at {_place(circle.middle)} {{}};"


def _text(text: CanvasText, palette: Palette) -> str:
    """Words in the colour of titles, or muted."""
    weight = r"\bfseries " if text.bold else ""
    look = f"words of={{{text.size}}}, anchor={_ANCHORS[text.anchor]}"
    look += ", text=muted" if text.colour == palette.muted else ""
    at = text.at.moved(0, BASELINE * text.size)
    return rf"\node[{look}] at {_place(at)} {{{weight}{escaped(text.text)}}};"


def _mix(paint: str, face: str) -> str:
    """What `shade` makes of a paint, as TeX says it."""
    return f"{paint} line!{round(100 * SHADES[face])}!{paint}"


_F: Final = {face: _mix("#2", face) for face in SHADES}
"""By face, the colour of a macro's kind."""
_MACROS: Final = rf"""
% solids: [look]{{kind}}{{left, top of the front}}{{width}}{{height}}{{how far its back is to the right}}{{and up}}
\newcommand{{\volume}}[7][]{{\begin{{scope}}[shift={{(#3)}}, draw=#2 line, line width={STROKE}bp, line join=round, #1]
  \filldraw[fill={_F["side"]}] (#4,0) -- (#4,#5) -- ++(#6,-#7) -- ++(0,-#5) -- cycle;
  \filldraw[fill={_F["top"]}] (0,0) -- (#4,0) -- ++(#6,-#7) -- ++(-#4,0) -- cycle;
  \filldraw[fill={_F["front"]}] (0,0) rectangle (#4,#5);
\end{{scope}}}}
% the part that stands for an activation
\newcommand{{\band}}[7][]{{\begin{{scope}}[shift={{(#3)}}, draw=#2 line, line width={STROKE}bp, line join=round, #1]
  \filldraw[fill={_F["band top"]}] (0,0) -- (#4,0) -- ++(#6,-#7) -- ++(-#4,0) -- cycle;
  \filldraw[fill={_F["band"]}] (0,0) rectangle (#4,#5);
\end{{scope}}}}
\tikzset{{words of/.style={{font=\lines{{#1}}{{#1}}, text=title, inner sep=0pt}}}}""".splitlines()


def _place(point: Point) -> str:
    return f"({_number(point.x)},{_number(point.y)})"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
