"""What the page holds of a network, as plain data for its script."""

from __future__ import annotations

from typing import Any

from archdsl.figure.flow import Flow
from archdsl.ir.graph import Graph
from archdsl.viewer.figures import Drawn, Figures
from archdsl.viewer.modules import Modules

Content = dict[str, Any]


def content(graph: Graph, known: Drawn | None = None) -> Content:
    """The network's modules with their figures.

    `known` keeps figures from one time to the next. Raises DrawingError where the overview cannot be drawn.
    """
    modules = Modules(graph, Flow(graph))
    figures = Figures(graph, modules.firsts, modules.root, {} if known is None else known)
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
    }
