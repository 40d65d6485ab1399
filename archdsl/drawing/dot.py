"""Writes a figure in Graphviz's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from archdsl.drawing import faces
from archdsl.drawing.layout import RADIUS, Layout, box_attributes, corners, frame_attributes, way_attributes
from archdsl.drawing.legend import ROW, SWATCH, Swatch, row_width, rows
from archdsl.drawing.markup import cell, escaped, font, label, printable, row, table
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.palette import CHANGES

if TYPE_CHECKING:
    from graphviz import Digraph

FONT: Final = "Helvetica,Arial,sans-serif"
LABEL: Final = 8.5
"""The font size of what stands beside links."""
_BOLD: Final = "2"
"""The border of what changed."""
_RANKS: Final = {("TB", False): "0.24", ("TB", True): "0.17", ("LR", False): "0.13", ("LR", True): "0.1"}
"""Inches between boxes; to the right, where a label needs more of it than down, half of the room around one."""
_WEIGHT: Final = {
    LinkRole.SPINE: "200",
    LinkRole.BRANCH: "2",
    LinkRole.SIDE: "1",
    LinkRole.SKIP: "0",
    LinkRole.PAST: "0",
    LinkRole.GONE: "0",
    LinkRole.LOOP: "0",
}


def dot_source(figure: Figure, layout: Layout | None = None) -> str:
    """The figure as DOT text: to be laid out or, with a layout, with everything where that says."""
    return _Writer(figure, layout).text()


class _Writer:
    def __init__(self, figure: Figure, layout: Layout | None) -> None:
        self._figure = figure
        self._layout = layout
        self._palette = figure.colours
        self._ways = Counter(link.source for link in figure.links)
        """How many links leave each box."""

    def text(self) -> str:
        from graphviz import Digraph

        figure, layout = self._figure, self._layout
        attributes = self._graph() | (frame_attributes(layout) if layout is not None else {})
        dot = Digraph(dot_name(figure.name), graph_attr=attributes, node_attr=self._nodes(), edge_attr=self._edges())
        self._add(dot, figure.items, figure.rows)
        silent = (Style.HEADER, Style.TRACK, Style.FORK, Style.LOOP)
        quiet = {box.name for box in figure.boxes() if box.style in silent}
        for link in figure.links:
            attributes = self._link(link, link.target in quiet)
            if layout is not None:
                attributes |= way_attributes(layout.ways[dot_name(link.source), dot_name(link.target), link.role.value])
            dot.edge(dot_name(link.source), dot_name(link.target), **attributes)
        return str(dot.source)

    # --- what all boxes, links and the graph have ------------------------------------------------

    def _nodes(self) -> dict[str, str]:
        return {
            "shape": "box",
            "style": "rounded,filled",
            "penwidth": "1.1",
            "height": "0.3",
            "margin": f"{faces.MARGIN},0.045",
            "fontname": FONT,
            "fontsize": str(faces.SIZE),
            "fontcolor": self._palette.title,
        }

    def _edges(self) -> dict[str, str]:
        return {
            "fontname": FONT,
            "fontsize": str(LABEL),
            "fontcolor": self._palette.muted,
            "color": self._palette.line,
            "penwidth": "1",
            "arrowsize": "0.55",
            "radius": f"{RADIUS:.0f}",
        }

    def _graph(self) -> dict[str, str]:
        figure = self._figure
        return {
            **({"label": f"<{self._headed()}>"} if figure.title or figure.legend else {}),
            "labelloc": "t",
            "labeljust": "c",
            "rankdir": figure.direction,
            "ranksep": _RANKS[figure.direction, figure.compact],
            "nodesep": self._apart(),
            "splines": "ortho",
            "bgcolor": self._palette.ground,
            "pad": "0.08",
            "margin": "0",
            "fontname": FONT,
            "fontsize": str(faces.HEADING),
            "fontcolor": self._palette.title,
        }

    def _apart(self) -> str:
        """Inches between boxes beside each other."""
        if self._figure.tight:
            return "0.09"
        return "0.14" if any(box.narrow for box in self._figure.boxes()) else "0.28"

    def _headed(self) -> str:
        """The title with the totals, and below it the legend."""
        figure = self._figure
        entitled = label(faces.title(figure, self._palette)) if figure.title else ""
        if not figure.legend:
            return entitled
        legend = map(self._legend_row, rows(figure))
        return table((row(cell(part)) for part in (entitled, *legend) if part), padding=None)

    def _legend_row(self, swatches: list[Swatch]) -> str:
        size = f'FIXEDSIZE="TRUE" WIDTH="{row_width(swatches) + 2 * faces.GAP:.0f}" HEIGHT="{ROW}"'
        bare = f'BORDER="0" CELLBORDER="0" CELLSPACING="{faces.GAP}" CELLPADDING="0"'
        return f"<TABLE {bare} {size}>{row(''.join(map(self._swatch, swatches)))}</TABLE>"

    def _swatch(self, swatch: Swatch) -> str:
        paint = self._palette.paints[swatch.paint]
        style = ' STYLE="DASHED"' if swatch.paint == "removed" else ""
        size = f'FIXEDSIZE="TRUE" WIDTH="{swatch.width:.0f}" HEIGHT="{SWATCH}"'
        colours = f'BGCOLOR="{paint.fill}" COLOR="{paint.border}" BORDER="1"{style}'
        return cell(font(swatch.text, faces.SMALL, paint.text), f"{size} {colours}")

    # --- boxes and panels ------------------------------------------------------------------------

    def _add(self, dot: Digraph, items: Iterable[Box | Panel], rows: Iterable[tuple[str, ...]]) -> None:
        layout = self._layout
        width = _column(items)
        for item in items:
            if isinstance(item, Box):
                attributes = self._node(item, width)
                if layout is not None:
                    attributes |= box_attributes(layout.boxes[dot_name(item.name)])
                dot.node(dot_name(item.name), **attributes)
            else:
                attributes = self._panel(item)
                if layout is not None:
                    attributes["bb"] = corners(layout.panels[dot_name(item.name)])
                with dot.subgraph(name=f"cluster {dot_name(item.name)}", graph_attr=attributes) as inner:
                    self._add(inner, item.items, item.rows)
        if layout is None:
            _add_rows(dot, items, rows)

    def _panel(self, panel: Panel) -> dict[str, str]:
        palette = self._palette
        return {
            "label": "",
            "style": "rounded,filled,dashed" if panel.dashed else "rounded,filled",
            "fillcolor": palette.panel,
            "color": palette.paints[panel.paint].border if panel.paint else palette.panel_line,
            "penwidth": _BOLD if panel.paint else "1",
            "margin": "6" if self._figure.tight else "10",
        }

    def _node(self, box: Box, width: float) -> dict[str, str]:
        match box.style:
            case Style.CARD | Style.TILE | Style.OP:
                return self._filled(box, width)
            case Style.FORK:
                return self._fork(self._ways[box.name])
            case Style.TRACK:
                return {
                    "class": "track", "shape": "point", "style": "", "width": "0.016", "height": "0.016",
                    "color": self._palette.skip, "penwidth": "0.4", "label": "",
                }  # fmt: skip
            case Style.MERGE | Style.LOOP:
                return self._sign(box)
            case Style.PORT | Style.HEADER | Style.TITLE:
                return {
                    "class": box.style.value, "shape": "plaintext", "style": "",
                    "label": f"<{label(faces.heading(box, self._palette))}>", **self._coloured(box, "fontcolor"),
                    **_TEXT[box.style is Style.TITLE],
                }  # fmt: skip

    def _filled(self, box: Box, width: float) -> dict[str, str]:
        paint = self._palette.paints[box.paint]
        least = width if box.style is Style.OP else faces.least_width(box)
        return {
            "class": f"{'op' if box.style is Style.OP else 'card'} {box.paint}",
            "width": f"{least:.2f}",
            **({"margin": f"{faces.SLIM_MARGIN},0.045"} if box.slim else {}),
            "fillcolor": paint.fill,
            "color": paint.border,
            "fontcolor": paint.text,
            "label": f"<{label(faces.face(box, self._palette))}>",
            **(
                {"height": "0.4" if self._figure.is_placed else "0.95", "margin": "0.08,0.06"}
                if box.style is Style.TILE and not box.slim
                else {}
            ),
            **({"style": "rounded,filled,dashed"} if box.dashed else {}),
            **({"penwidth": _BOLD} if box.paint in CHANGES and box.paint != "unchanged" else {}),
        }

    def _sign(self, box: Box) -> dict[str, str]:
        """A circle with a sign, or what a loop passes on."""
        palette = self._palette
        if box.style is Style.MERGE:
            return {
                "class": "merge", "shape": "circle", "style": "filled,dashed" if box.dashed else "filled",
                "fillcolor": palette.ground,
                "color": palette.line, "fixedsize": "true", "width": "0.22", "height": "0.22", "margin": "0",
                "fontsize": "13", "label": escaped(box.title), **self._coloured(box, "color", "fillcolor"),
            }  # fmt: skip
        text = r"\n".join(map(escaped, faces.carried(box)))
        return {
            "class": "loop", "fillcolor": palette.ground, "color": palette.line, "fontcolor": palette.muted,
            "fontsize": "8.5", "penwidth": "1", "width": "0.3", "height": "0.34", "margin": "0.07,0.02", "label": text,
        }  # fmt: skip

    def _coloured(self, box: Box, *attributes: str) -> dict[str, str]:
        """These attributes for a box that has no paint of its own, where it is marked."""
        if box.paint not in CHANGES:
            return {}
        paint = self._palette.paints[box.paint]
        colours = {"fontcolor": paint.text, "color": paint.border, "fillcolor": paint.fill}
        return {name: colours[name] for name in attributes}

    def _fork(self, ways: int) -> dict[str, str]:
        """A dot, or a line across, as wide as links are, for more ways than find room at a dot; nothing for one way."""
        line = self._palette.line
        if ways <= 1:
            return {"class": "fork", "shape": "point", "style": "invis", "width": "0.01", "height": "0.01"}
        if ways <= faces.AT_A_DOT:
            return {"class": "fork", "shape": "point", "style": "", "width": "0.05", "height": "0.05", "color": line}
        sides = {"width": f"{0.4 * ways:.1f}", "height": "0.014"}
        if self._figure.direction == "LR":
            sides = {"height": sides["width"], "width": sides["height"]}
        return {
            "class": "fork", "shape": "box", "style": "filled", "fixedsize": "true", **sides, "penwidth": "0.1",
            "color": line, "fillcolor": line, "label": "",
        }  # fmt: skip

    # --- links -----------------------------------------------------------------------------------

    def _link(self, link: Link, quiet: bool) -> dict[str, str]:
        attributes = {"class": link.role.value, "weight": _WEIGHT[link.role]}
        if link.role in (LinkRole.SKIP, LinkRole.SIDE):
            attributes |= {"color": self._palette.skip, "penwidth": "1.2"}
        if link.role is LinkRole.GONE:
            attributes |= {"color": self._palette.paints["removed"].border}
        if quiet:
            attributes["arrowhead"] = "none"
        if quiet and link.role is LinkRole.LOOP:
            attributes["weight"] = "1"
        if link.length != 1:
            attributes["minlen"] = str(link.length)
        if link.dashed:
            attributes["style"] = "dashed"
        if link.text and not (self._figure.tight and self._layout is None):
            attributes["label"] = escaped(label_text(link.text))
        return attributes


_TEXT: Final = {True: {"fontsize": str(faces.HEADING)}, False: {"margin": "0.04,0.02", "width": "0.1", "height": "0.2"}}
"""What a box that is text alone has: a figure's title, or another."""


def _add_rows(dot: Digraph, items: Iterable[Box | Panel], rows: Iterable[tuple[str, ...]]) -> None:
    """Boxes that stand beside each other."""
    loops = {item.name for item in items if isinstance(item, Box) and item.style is Style.LOOP}
    for names in rows:
        with dot.subgraph(graph_attr={"rank": "same"}) as beside:
            # an invisible edge within a rank keeps the order from left to right
            for left, right in pairwise(names):
                if right not in loops:
                    beside.edge(dot_name(left), dot_name(right), style="invis")
                    continue
                # the loop edge keeps the order itself; one more would move it out of the middle
                beside.node(dot_name(left))
                beside.node(dot_name(right))


def _column(items: Iterable[Box | Panel]) -> float:
    """One width for the ops of a column, in inches: the widest text's."""
    ops = [box for box in items if isinstance(box, Box) and box.style is Style.OP]
    least = max(map(faces.least_width, ops), default=faces.OP)
    texts = [min(faces.op_width(box), faces.SLIM[0]) if box.slim else faces.op_width(box) for box in ops]
    margin = faces.SLIM_MARGIN if any(box.slim for box in ops) else faces.MARGIN
    return max(least, (max(texts, default=0) + 4) / faces.POINTS + 2 * margin)


def label_text(text: str) -> str:
    """A link's label with the room between it and the link."""
    return f"  {text}"


def dot_name(text: str) -> str:
    """A node's name: `graphviz` takes a colon for a port, and what stands between `<` and `>` for markup."""
    return printable(text).replace("\\", "\\\\").translate(_LOOKALIKE)


_LOOKALIKE: Final = {ord(":"): "\N{RATIO}", ord("<"): "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"}
