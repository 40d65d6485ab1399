"""What the page holds of a network, as plain data for its script."""

from __future__ import annotations

from typing import Any, Final

from archdsl.figure.errors import DrawingError
from archdsl.figure.flow import Flow
from archdsl.figure.view import USUAL, View
from archdsl.ir.graph import Graph
from archdsl.viewer.figures import Drawn, Figures
from archdsl.viewer.modules import Modules
from archdsl.viewer.paints import rules_of

Content = dict[str, Any]


PAGES: Final = ("style", "counts", "batch", "all_ops", "colour_by", "legend", "theme")
"""The options of figures that a page has, too: it opens all blocks, and is as large as its window."""


def content(graph: Graph, known: Drawn | None = None, view: View = USUAL) -> Content:
    """The network's modules with their figures as a view wants them.

    `known` keeps figures from one time to the next. Raises DrawingError where the overview cannot be drawn, or the
    view asks for what a page does not have.
    """
    asked = [name for name, value in vars(view).items() if value != getattr(USUAL, name) and name not in PAGES]
    if asked or view.style == "volumes":
        name = asked[0].replace("_", "-") if asked else "style volumes"
        raise DrawingError(f"a page takes no `{name}`", "draw to .svg, .pdf or .png with it")
    modules = Modules(graph, Flow(graph))
    figures = Figures(graph, modules.firsts, modules.root, {} if known is None else known, view)
    for number, figure in figures.of.items():
        modules.records[number]["figure"] = figure
    return {
        "name": graph.name,
        "summary": graph.summary,
        "reference": graph.reference,
        "sizes": graph.sample_sizes,
        "root": modules.root,
        "modules": modules.records,
        "types": modules.types,
        "sources": modules.sources.pieces,
        "figures": figures.shown,
        "leftOut": figures.left_out,
        "legend": figures.legend,
        "scheme": {"dark": "dark", "print": "light"}.get(view.style, ""),
        "rules": rules_of(view),
    }
