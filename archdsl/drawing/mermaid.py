"""Writes a figure in Mermaid's language, which GitHub and others draw where it stands in a text.

Mermaid lays out itself: the points that only lead links are left out. Labels are Markdown strings, for bold
names and line breaks; in them every character that could be markup is an entity.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from archdsl.drawing.faces import SMALL
from archdsl.drawing.identifiers import identifiers
from archdsl.drawing.markup import printable
from archdsl.drawing.metrics import wrap
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style, nested
from archdsl.figure.palette import CHANGES
from archdsl.words.quantities import SPACE

WIDTH: Final = 240
"""At which lines are broken, in points at the size of small text."""
PIXELS: Final = 480
"""At which Mermaid breaks lines in its larger type: wider, so that ours stay."""
LINES: Final = 4
"""Longer texts are cut."""
RESERVED: Final = (
    "end", "graph", "subgraph", "style", "class", "click", "default", "linkstyle", "classdef", "flowchart",
    "href", "call", "interpolate", "direction",
)  # fmt: skip
"""What Mermaid reads as something else where a box is named."""
POINTS: Final = (Style.TRACK, Style.FORK, Style.LOOP)
"""Boxes that stand on a link."""
MARKUP: Final = re.compile(
    r'["#&<`*\[\]~\\$%:@]'  # of Mermaid, of Markdown, of HTML
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    r"|^[-+=>]|^\d+[.)](?!\S)"  # a line may begin with it: lists, headings, quotations
    r"|(?<=www)\."  # an address would become a link
)
_TITLE: Final = str.maketrans(
    {
        "&": "\N{FULLWIDTH AMPERSAND}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)
"""For what a title cannot hold: Mermaid writes entities for it and shows these."""


def mermaid_source(figure: Figure) -> str:
    """The figure as the text of an `.mmd` file, which is also what stands in a README's `mermaid` block."""
    return "\n".join(_Writer(figure).lines()) + "\n"


def direct_links(figure: Figure) -> list[Link]:
    """The links between boxes: those that meet in a point are joined, and say what stands there."""
    links = list(figure.links)
    for box in figure.boxes():
        if box.style in POINTS:
            links = list(_joined(links, box))
    return links


def _joined(links: Iterable[Link], point: Box) -> Iterator[Link]:
    links = list(links)
    entering = [link for link in links if link.target == point.name]
    for link in links:
        if link.source == point.name:
            yield from (_after(before, link, point.title) for before in entering)
            # a label is said once
            entering = [replace(before, label="") for before in entering]
        elif link.target != point.name:
            yield link


def _after(before: Link, link: Link, said: str) -> Link:
    role = link.role if before.role in (LinkRole.SPINE, LinkRole.BRANCH) else before.role
    label = ", ".join(filter(None, (before.text, said, link.text)))
    return replace(link, source=before.source, role=role, names="", label=label, dashed=before.dashed or link.dashed)


class _Writer:
    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._palette = figure.colours
        self._looks: dict[str, str] = {}
        """Looks that boxes have, by their class."""
        self._members: defaultdict[str, list[str]] = defaultdict(list)
        """Panels by their class."""
        names = [*(_key(item) for item, _ in nested(figure.items)), *(f"legend {paint}" for paint, _ in figure.legend)]
        self._ids = identifiers(names, RESERVED)

    def lines(self) -> Iterator[str]:
        figure = self._figure
        links = direct_links(figure)
        yield "---"
        if figure.title:
            yield f"title: {_title(figure)}"
        yield from ("config:", "  flowchart:", f"    wrappingWidth: {PIXELS}", "---")
        yield f"flowchart {figure.direction}"
        yield from self._legend()
        yield from self._items(figure.items, "  ")
        yield from map(self._link, links)
        yield from (f"  classDef {name} {look}" for name, look in self._looks.items())
        yield from (f"  class {','.join(panels)} {name}" for name, panels in self._members.items())
        yield from self._link_styles(links)

    def _legend(self) -> Iterator[str]:
        for paint, text in self._figure.legend:
            yield self._box(Box(f"legend {paint}", Style.OP, paint, text, dashed=paint == "removed"), "  ")

    def _items(self, items: Iterable[Box | Panel], indent: str) -> Iterator[str]:
        for item in items:
            if isinstance(item, Panel):
                yield f'{indent}subgraph {self._ids[_key(item)]}[" "]'
                yield from self._items(item.items, indent + "  ")
                yield f"{indent}end"
                self._members[self._panel(item)].append(self._ids[_key(item)])
            elif item.style not in POINTS:
                yield self._box(item, indent)

    def _box(self, box: Box, indent: str) -> str:
        before, after = {Style.MERGE: ("((", "))")}.get(box.style, ("[", "]"))
        text = f"\n{indent}  ".join(_lines(box))
        return f'{indent}{self._ids[box.name]}{before}"`{text}`"{after}:::{self._look(box)}'

    def _look(self, box: Box) -> str:
        """The class of a box."""
        palette, paint = self._palette, self._palette.paints[box.paint]
        changed = box.paint in CHANGES
        if box.style in (Style.PORT, Style.HEADER, Style.TITLE):
            # else it has the reader's colour, for we do not know on which ground it stands
            name, colour = (f"{box.paint}_text", paint.text) if changed else (box.style.value, "")
            return self._class(name, fill="none", stroke="none", color=colour)
        if box.style is Style.MERGE and not changed:
            return self._class("merge", fill=palette.ground, stroke=palette.line, color=palette.title)
        name = f"{box.paint}_dashed" if box.dashed else box.paint
        look = {"fill": paint.fill, "stroke": paint.border, "color": paint.text, "rx": "6", "ry": "6"}
        return self._class(name, **look, **_border(box.dashed, changed and box.paint != "unchanged"))

    def _panel(self, panel: Panel) -> str:
        """The class of a panel."""
        stroke = self._palette.paints[panel.paint].border if panel.paint else self._palette.panel_line
        name = "_".join(filter(None, (panel.paint, "panel", "dashed" if panel.dashed else "")))
        return self._class(name, fill="none", stroke=stroke, **_border(panel.dashed, bool(panel.paint)))

    def _class(self, name: str, **look: str) -> str:
        self._looks[name] = ",".join(f"{key.replace('_', '-')}:{value}" for key, value in look.items() if value)
        return name

    def _link(self, link: Link) -> str:
        line = {False: "-->", True: "-.->"}[link.dashed]
        label = f'|"{_escaped(link.text)}"|' if link.text else ""
        return f"  {self._ids[link.source]} {line}{label} {self._ids[link.target]}"

    def _link_styles(self, links: Iterable[Link]) -> Iterator[str]:
        """Mermaid knows links by their number."""
        colours = {
            LinkRole.SKIP: self._palette.skip, LinkRole.SIDE: self._palette.skip,
            LinkRole.GONE: self._palette.paints["removed"].border,
        }  # fmt: skip
        numbers: defaultdict[str, list[str]] = defaultdict(list)
        for number, link in enumerate(links):
            if link.role in colours:
                numbers[colours[link.role]].append(str(number))
        yield from (f"  linkStyle {','.join(each)} stroke:{colour}" for colour, each in numbers.items())


def _key(item: Box | Panel) -> str:
    """A panel may be named as a box is."""
    return f"panel {item.name}" if isinstance(item, Panel) else item.name


def _border(dashed: bool, bold: bool) -> dict[str, str]:
    return {"stroke_width": "2px" if bold else "", "stroke_dasharray": "4 3" if dashed else ""}


def _title(figure: Figure) -> str:
    """The title as YAML."""
    text = " · ".join(filter(None, (figure.title, figure.counts)))
    return json.dumps(_plain(text).translate(_TITLE), ensure_ascii=False)


def _lines(box: Box) -> Iterator[str]:
    """The lines of a label, as Markdown."""
    if box.style is Style.MERGE:
        yield _escaped(box.title)
        return
    times = f"×{box.times}" if box.times > 1 else ""
    name = f"**{_escaped(box.title)}**" if box.title.strip() else ""
    yield " ".join(filter(None, (name, _escaped(box.fields), times)))
    yield from (f"*{_escaped(line)}*" for line in _broken(box.aside))
    for text in (*box.lines, *(text for _, text in box.remarks), box.counts):
        yield from map(_escaped, _broken(text))


def _broken(text: str) -> list[str]:
    return [line for line in wrap(text, SMALL, WIDTH, lines=LINES) if line.strip()]


def _escaped(text: str) -> str:
    """Text in which nothing is markup."""
    text = MARKUP.sub(lambda match: "".join(f"#{ord(each)};" for each in match[0]), _plain(text))
    # before version 11 a letter behind it made it a tag all the same
    return text.replace("#60;", "#60;\N{WORD JOINER}")


def _plain(text: str) -> str:
    return printable(text).replace(SPACE, " ").strip()
