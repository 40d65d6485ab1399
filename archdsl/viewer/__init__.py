"""A network as a page: one offline HTML file, or served while its spec is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archdsl.figure.view import View
    from archdsl.ir.graph import Graph

__all__ = ["page"]


def page(graph: Graph, view: View | None = None) -> str:
    """The network as the text of one HTML file that needs no other file and no network.

    Raises DrawingError where the overview cannot be drawn, or the view asks for what a page does not have.
    """
    from archdsl.viewer.content import content
    from archdsl.viewer.html import html

    return html(content(graph) if view is None else content(graph, view=view))
