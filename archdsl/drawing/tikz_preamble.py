"""The top of a TikZ file: packages, colours, and how each kind of box and link looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from archdsl.drawing.faces import HEADING, MARGIN, POINTS, SIZE, SMALL, TINY
from archdsl.drawing.latex import escaped
from archdsl.figure.figure import Figure, Style
from archdsl.figure.palette import CHANGES, Palette

ARROW: Final = 5.5
"""The length of an arrow head, in points."""
RADIUS: Final = 8
"""Of the corners of links, in points."""
EDGE: Final = round(MARGIN * POINTS, 1)
"""Between the border of a card and its text, in points."""


def preamble(figure: Figure, scale: float) -> Iterator[str]:
    """All lines up to the first that draws something, so many times as large."""
    named = colours(figure.colours, used_paints(figure))
    yield from opening(figure.title or figure.name, named, scale)


def opening(title: str, named: Iterable[str], scale: float) -> Iterator[str]:
    """The lines up to the first that draws something, with these that name what a picture has of its own."""
    yield f"% {escaped(title)}: drawn by archdsl, for pdflatex"
    yield from _PACKAGES
    yield from named
    yield from _STYLES
    scaled = f", scale={scale:.4g}, transform shape" if scale != 1 else ""
    yield rf"\begin{{tikzpicture}}[x=1bp, y=-1bp{scaled}]"


def used_paints(figure: Figure) -> list[str]:
    """The paints that the figure has, in the palette's order."""
    found = {paint for paint, _ in figure.legend} | {panel.paint for panel in figure.panels()}
    for box in figure.boxes():
        found |= {box.paint} if box.style in (Style.CARD, Style.TILE, Style.OP) or box.paint in CHANGES else set()
        found |= {paint for paint, _ in box.remarks}
    return [paint for paint in figure.colours.paints if paint in found]


def colours(palette: Palette, paints: Iterable[str]) -> Iterator[str]:
    """The lines that name a palette's colours, and of these paints all four."""
    common = {
        "ground": palette.ground, "title": palette.title, "muted": palette.muted, "line": palette.line,
        "skip": palette.skip, "gone": palette.paints["removed"].border,
        "panel": palette.panel, "panel line": palette.panel_line,
    }  # fmt: skip
    yield from (rf"\definecolor{{{name}}}{{HTML}}{{{_hex(colour)}}}" for name, colour in common.items())
    yield "% kinds of boxes: fill, border, text, pill"
    yield from _KIND
    for name in paints:
        yield rf"\kind{{{name}}}" + "".join(f"{{{_hex(colour)}}}" for colour in palette.paints[name])
        if name in CHANGES and name != "unchanged":
            yield rf"\tikzset{{{name}/.append style={{line width=2bp}}}}"


def _hex(colour: str) -> str:
    return colour.removeprefix("#")


_PACKAGES: Final = r"""\documentclass[tikz]{standalone}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{helvet}
\renewcommand{\familydefault}{\sfdefault}
\usetikzlibrary{arrows.meta}

% colours
""".splitlines()

_KIND: Final = r"""\newcommand{\kind}[5]{
  \definecolor{#1}{HTML}{#2} \definecolor{#1 line}{HTML}{#3}
  \definecolor{#1 text}{HTML}{#4} \definecolor{#1 pill}{HTML}{#5}
  \tikzset{#1/.style={fill=#1, draw=#1 line, text=#1 text}}
}""".splitlines()

_STYLES: Final = rf"""
% text: names are bold, notes small
\newcommand{{\heading}}[1]{{{{\fontsize{{{HEADING}bp}}{{14bp}}\bfseries #1}}}}
\newcommand{{\name}}[1]{{{{\fontsize{{{SIZE}bp}}{{13bp}}\bfseries #1}}}}
\newcommand{{\note}}[2][muted]{{{{\fontsize{{{TINY}bp}}{{11bp}}\selectfont\color{{#1}}#2}}}}
\newcommand{{\lines}}[2]{{\fontsize{{#1bp}}{{#2bp}}\selectfont}}
% as high and as deep as a line of capitals in its middle
\newcommand{{\full}}{{\rule[-.2\baselineskip]{{0pt}}{{\baselineskip}}}}
% how often a block stands there: box, kind, number
\newcommand{{\pill}}[3]{{\node[pill, fill=#2 pill, anchor=east] at ([xshift=-{EDGE}bp]#1.east) {{\texttimes #3}};}}
\newcommand{{\pillbelow}}[3]{{\node[pill, fill=#2 pill, anchor=south] at ([yshift=4bp]#1.south) {{\texttimes #3}};}}
\newcommand{{\pillroom}}{{\rule[-28bp]{{0pt}}{{0pt}}}}

\tikzset{{
  every node/.style={{inner sep=0pt, outer sep=0pt}},
  size/.style 2 args={{minimum width=#1bp, minimum height=#2bp}},
  text of/.style 2 args={{font=\lines{{#1}}{{#2}}, execute at begin node=\full, execute at end node=\full}},
  box/.style={{rounded corners=7bp, line width=1.1bp}},
  card/.style 2 args={{
    box, size={{#1}}{{#2}}, text of={{{SMALL}}}{{13}}, align=flush left, text width=#1bp-{2 * EDGE}bp}},
  tile/.style 2 args={{box, size={{#1}}{{#2}}, text of={{{SMALL}}}{{12}}, align=flush center}},
  op/.style 2 args={{box, size={{#1}}{{#2}}, text of={{{SMALL}}}{{11}}, align=flush center}},
  words/.style 2 args={{size={{#1}}{{#2}}, text of={{{SMALL}}}{{11}}, align=flush center, text=title}},
  carry/.style 2 args={{op={{#1}}{{#2}}, fill=ground, draw=line, text=muted}},
  merge/.style={{
    circle, size={{16}}{{16}}, font=\lines{{13}}{{13}}, fill=ground, draw=line, text=title, line width=1.1bp}},
  dot/.style={{circle, minimum size=3.6bp, fill=line}},
  bar/.style 2 args={{size={{#1}}{{#2}}, fill=line}},
  panel/.style 2 args={{size={{#1}}{{#2}}, rounded corners=9bp, fill=panel, draw=panel line, line width=1bp}},
  pill/.style={{
    rounded corners=7bp, size={{30}}{{22}}, inner xsep=5bp, text=white, font=\lines{{11}}{{11}}\bfseries}},
  shape note/.style={{font=\lines{{8.5}}{{10}}, text=muted}},
  link/.style={{draw=line, line width=1bp, rounded corners={RADIUS}bp, -{{Triangle[length={ARROW}bp, width=4bp]}}}},
  spine link/.style={{link}},
  branch link/.style={{link}},
  past link/.style={{link}},
  loop link/.style={{link}},
  skip link/.style={{link, draw=skip, line width=1.2bp}},
  side link/.style={{skip link}},
  gone link/.style={{link, draw=gone}},
}}

\begin{{document}}""".splitlines()
