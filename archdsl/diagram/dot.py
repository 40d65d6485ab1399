"""Writes a figure in Graphviz's language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from archdsl.diagram.figure import Box, Figure, Link, Panel, Role, Style
from archdsl.diagram.metrics import text_width, wrap
from archdsl.diagram.palette import CHANGES, LINE, MUTED, PAINTS, PANEL, PANEL_LINE, SKIP, TITLE

if TYPE_CHECKING:
    from graphviz import Digraph

FONT: Final = "Helvetica,Arial,sans-serif"
POINTS: Final = 72
CARD: Final = 3.3
"""The width of a card in inches."""
OP: Final = 1.6
"""The least width of an op's box in inches."""
MARGIN: Final = 0.11
INNER: Final = 221
GAP: Final = 8
"""Between a card's text and its pill, in points."""
SIZE, SMALL, TINY = 10.5, 9, 8
"""Font sizes of names, fields and counts; those in HTML-like labels must be whole numbers."""


def dot_source(figure: Figure) -> str:
    """The figure as DOT text."""
    from graphviz import Digraph

    dot = Digraph(_name(figure.name), graph_attr=_graph(figure), node_attr=_NODE, edge_attr=_EDGE)
    _add(dot, figure.items, figure.rows, Counter(link.source for link in figure.links))
    quiet = {box.name for box in figure.boxes() if box.style in (Style.HEADER, Style.TRACK, Style.FORK, Style.LOOP)}
    for link in figure.links:
        dot.edge(_name(link.source), _name(link.target), **_link(link, link.target in quiet))
    return str(dot.source)


_NODE: Final = {
    "shape": "box",
    "style": "rounded,filled",
    "penwidth": "1.1",
    "height": "0.3",
    "margin": f"{MARGIN},0.045",
    "fontname": FONT,
    "fontsize": str(SIZE),
    "fontcolor": TITLE,
}
_EDGE: Final = {
    "fontname": FONT,
    "fontsize": "8.5",
    "fontcolor": MUTED,
    "color": LINE,
    "penwidth": "1",
    "arrowsize": "0.55",
    "radius": "8",
}


def _graph(figure: Figure) -> dict[str, str]:
    return {
        "label": f"<{_headed(figure)}>",
        "labelloc": "t",
        "labeljust": "c",
        "rankdir": "TB",
        "ranksep": "0.17" if figure.compact else "0.24",
        "nodesep": "0.28",
        "splines": "ortho",
        "bgcolor": "white",
        "pad": "0.08",
        "margin": "0",
        "fontname": FONT,
        "fontsize": "11.5",
        "fontcolor": TITLE,
    }


def _headed(figure: Figure) -> str:
    """The title with the totals, and below it the legend."""
    title = f"{_bold(figure.title)}{_font(f'   {figure.counts}', SMALL, MUTED)}"
    if not figure.legend:
        return title
    cells = "".join(_swatch(paint, text) for paint, text in figure.legend)
    width = sum(_swatch_width(text) + GAP for _, text in figure.legend) + GAP
    size = f'FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="32"'
    legend = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{GAP}" CELLPADDING="0" {size}><TR>{cells}</TR></TABLE>'
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0"><TR><TD>{title}</TD></TR><TR><TD>{legend}</TD></TR></TABLE>'
    )


def _swatch(name: str, text: str) -> str:
    paint = PAINTS[name]
    style = ' STYLE="DASHED"' if name == "removed" else ""
    size = f'FIXEDSIZE="TRUE" WIDTH="{_swatch_width(text):.0f}" HEIGHT="18"'
    colours = f'BGCOLOR="{paint.fill}" COLOR="{paint.border}" BORDER="1"{style}'
    return f"<TD {size} {colours}>{_font(text, SMALL, paint.text)}</TD>"


def _add(dot: Digraph, items: Iterable[Box | Panel], rows: Iterable[tuple[str, ...]], ways: Mapping[str, int]) -> None:
    width = _column(items)
    for item in items:
        if isinstance(item, Box):
            dot.node(_name(item.name), **_node(item, width, ways.get(item.name, 0)))
        else:
            with dot.subgraph(name=f"cluster {_name(item.name)}", graph_attr=_panel(item)) as inner:
                _add(inner, item.items, item.rows, ways)
    loops = {item.name for item in items if isinstance(item, Box) and item.style is Style.LOOP}
    for row in rows:
        with dot.subgraph(graph_attr={"rank": "same"}) as beside:
            # an invisible edge within a rank keeps the order from left to right
            for left, right in pairwise(row):
                if right not in loops:
                    beside.edge(_name(left), _name(right), style="invis")
                    continue
                # the loop edge keeps the order itself; one more would move it out of the middle
                beside.node(_name(left))
                beside.node(_name(right))


def _panel(panel: Panel) -> dict[str, str]:
    return {
        "label": "",
        "style": "rounded,filled,dashed" if panel.dashed else "rounded,filled",
        "fillcolor": PANEL,
        "color": PAINTS[panel.paint].border if panel.paint else PANEL_LINE,
        "penwidth": _BOLD if panel.paint else "1",
        "margin": "10",
    }


def _node(box: Box, width: float, ways: int) -> dict[str, str]:
    if box.style in (Style.PORT, Style.HEADER):
        times = f"  ×{box.times}" if box.times > 1 else ""
        below = [*wrap(box.aside, TINY, OP * POINTS, lines=3), box.counts]
        label = _stacked(_bold(box.title + times), *below)
        return {
            "class": box.style.value, "shape": "plaintext", "style": "", "margin": "0.04,0.02",
            "height": "0.2", "label": f"<{label}>", **_coloured(box, "fontcolor"),
        }  # fmt: skip
    if box.style is Style.FORK:
        return _fork(ways)
    if box.style is Style.TRACK:
        return {
            "class": "track", "shape": "point", "style": "", "width": "0.016", "height": "0.016",
            "color": SKIP, "penwidth": "0.4", "label": "",
        }  # fmt: skip
    if box.style is Style.MERGE:
        return {
            "class": "merge", "shape": "circle", "style": "filled", "fillcolor": "white", "color": LINE,
            "fixedsize": "true", "width": "0.22", "height": "0.22", "margin": "0", "fontsize": "13",
            "label": _escaped(box.title), **_coloured(box, "color", "fillcolor"),
        }  # fmt: skip
    if box.style is Style.LOOP:
        return {
            "class": "loop", "fillcolor": "white", "color": LINE, "fontcolor": MUTED, "fontsize": "8.5",
            "penwidth": "1", "width": "0.3", "height": "0.34", "margin": "0.07,0.02", "label": _broken(box.title),
        }  # fmt: skip
    paint = PAINTS[box.paint]
    return {
        "class": f"{box.style.value} {box.paint}",
        "width": f"{CARD if box.style is Style.CARD else width:.2f}",
        "fillcolor": paint.fill,
        "color": paint.border,
        "fontcolor": paint.text,
        "label": f"<{_label(box)}>",
        **({"style": "rounded,filled,dashed"} if box.dashed else {}),
        **({"penwidth": _BOLD} if box.paint in CHANGES and box.paint != "unchanged" else {}),
    }


def _broken(text: str) -> str:
    """Text for a plain label, broken to lines."""
    return r"\n".join(map(_escaped, wrap(text, SMALL, OP * POINTS, lines=3)))


def _swatch_width(text: str) -> float:
    return text_width(text, SMALL) + 16


_BOLD: Final = "2"
"""The border of what changed."""


def _coloured(box: Box, *attributes: str) -> dict[str, str]:
    """These attributes for a box that has no paint of its own, where it is marked."""
    if box.paint not in CHANGES:
        return {}
    paint = CHANGES[box.paint]
    colours = {"fontcolor": paint.text, "color": paint.border, "fillcolor": paint.fill}
    return {name: colours[name] for name in attributes}


def _fork(ways: int) -> dict[str, str]:
    """A dot; a bar where more than two ways part, which would not all find room at a dot."""
    if ways <= 2:
        return {"class": "fork", "shape": "point", "style": "", "width": "0.05", "height": "0.05", "color": LINE}
    return {
        "class": "fork", "shape": "box", "style": "filled", "fixedsize": "true", "width": f"{0.4 * ways:.1f}",
        "height": "0.03", "color": LINE, "fillcolor": LINE, "label": "",
    }  # fmt: skip


def _label(box: Box) -> str:
    paint = PAINTS[box.paint]
    if box.style is Style.OP:
        beside = f"  {box.fields}" if box.fields else ""
        remarks = (text for _, text in box.remarks)
        return _stacked(_bold(box.title) + _font(beside, SMALL, paint.text), *box.lines, *remarks)
    if not (box.lines or box.remarks or box.counts or box.aside or box.times > 1):
        beside = f"  {box.fields}" if box.fields else ""
        return _bold(box.title) + _font(beside, SMALL, paint.text)
    width = INNER - (GAP + _pill_width(box.times) if box.times > 1 else 0)
    rows = "".join(_row(text, width) for text in _lines(box, width))
    left = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE>'
    right = _pill(box.times, paint.pill) if box.times > 1 else ""
    return (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>'
        f'<TD ALIGN="LEFT">{left}</TD>{right}</TR></TABLE>'
    )


def _stacked(first: str, *below: str) -> str:
    """A line of markup with small muted lines below it."""
    small = [_font(line, TINY, MUTED) for line in below if line]
    if not small:
        return first
    rows = "".join(f'<TR><TD HEIGHT="11">{line}</TD></TR>' for line in (first, *small))
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE>'


def _row(text: str, width: float) -> str:
    return f'<TR><TD HEIGHT="13" ALIGN="LEFT" BALIGN="LEFT" WIDTH="{width:.0f}">{text}</TD></TR>'


def _lines(box: Box, width: float) -> Iterator[str]:
    """The card's lines as markup, broken to the width."""
    paint = PAINTS[box.paint]
    first, *more = _wrapped_title(box.title, width)
    used = text_width(first, SIZE, bold=True)
    beside = [(box.fields, SMALL, paint.text)] if box.fields else []
    muted = paint.text if box.paint in CHANGES else MUTED
    beside += [(box.aside, TINY, muted)] if box.aside else []
    line = _bold(first)
    below = []
    for text, size, colour in beside:
        if not more and used + text_width(f"  {text}", size) <= width:
            line += _font(f"  {text}", size, colour)
            used += text_width(f"  {text}", size)
        else:
            below.append((text, size, colour))
    yield line
    yield from map(_bold, more)
    below += [(text, SMALL, paint.text) for text in box.lines]
    below += [(text, SMALL, PAINTS[name].text) for name, text in box.remarks]
    for text, size, colour in below:
        yield from (_font(part, size, colour) for part in wrap(text, size, width, lines=4))
    if box.counts:
        yield _font(box.counts, TINY, muted)


def _wrapped_title(text: str, width: float) -> list[str]:
    return wrap(text, SIZE * 1.06, width, lines=2)


def _pill(times: int, colour: str) -> str:
    """A rounded table of fixed size in a cell of fixed size, so that a tall card stretches neither."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{_pill_width(times):.0f}" HEIGHT="22"'
    return (
        f'<TD WIDTH="{GAP}"></TD><TD {size}><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" '
        f'STYLE="ROUNDED" BGCOLOR="{colour}" {size}><TR><TD {size}>'
        f'<FONT COLOR="white" POINT-SIZE="11"><B>×{times}</B></FONT></TD></TR></TABLE></TD>'
    )


def _pill_width(times: int) -> float:
    return max(30, text_width(f"×{times}", 11, bold=True) + 10)


def _column(items: Iterable[Box | Panel]) -> float:
    """One width for the ops of a column, in inches: the widest text's."""
    widest = max(
        (
            text_width(box.title, SIZE, bold=True) + text_width(f"  {box.fields}", SMALL)
            for box in items
            if isinstance(box, Box) and box.style is Style.OP
        ),
        default=0,
    )
    return max(OP, (widest + 4) / POINTS + 2 * MARGIN)


_WEIGHT: Final = {Role.SPINE: "20", Role.BRANCH: "2", Role.SIDE: "1", Role.SKIP: "0", Role.GONE: "0", Role.LOOP: "0"}


def _link(link: Link, quiet: bool) -> dict[str, str]:
    attributes = {"class": link.role.value, "weight": _WEIGHT[link.role]}
    if link.role in (Role.SKIP, Role.SIDE):
        attributes |= {"color": SKIP, "penwidth": "1.2"}
    if link.role is Role.GONE:
        attributes |= {"color": CHANGES["removed"].border}
    if quiet:
        attributes["arrowhead"] = "none"
    if quiet and link.role is Role.LOOP:
        attributes["weight"] = "1"
    if link.length != 1:
        attributes["minlen"] = str(link.length)
    if link.dashed:
        attributes["style"] = "dashed"
    if link.label:
        attributes["label"] = f"  {_escaped(link.label)}"
    return attributes


def _bold(text: str) -> str:
    return f"<B>{_html(text)}</B>"


def _font(text: str, size: int, colour: str) -> str:
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{_html(text)}</FONT>' if text.strip() else ""


def _html(text: str) -> str:
    """Text for an HTML-like label: nothing in it is markup, an entity or a control character."""
    text = printable(text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str) -> str:
    """Text for a plain label."""
    return printable(text).replace("\\", "\\\\")


def printable(text: str) -> str:
    """The text with `�` for each character that XML cannot hold."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff￾￿]", "�", text)


def _name(text: str) -> str:
    """A node's name: `graphviz` takes a colon for a port."""
    return _escaped(text).replace(":", "\N{RATIO}")
