"""Figures: a graph as boxes and links, these as DOT, and DOT as a picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from archdsl.diagram.rendering import FORMATS, INSTALL, DrawingError, MissingError, TooLargeError, picture

if TYPE_CHECKING:
    from archdsl.diagram.marks import Marks
    from archdsl.graph import Graph, Scope

__all__ = ["FORMATS", "DrawingError", "MissingError", "TooLargeError", "dot_text", "draw", "figure_svg", "render"]

COARSER: Final = 5
"""How often a figure that is too large is grouped further before drawing it is given up."""


def draw(
    graph: Graph, file: str | os.PathLike[str], *,
    depth: int | None = None, scope: Scope | None = None, marks: Marks | None = None,
) -> Path:  # fmt: skip
    """Draws a graph into a file, whose suffix (.svg, .pdf, .png, .dot) says the format; returns its path.

    `depth` 1, the default, is the overview; each level more opens one level of blocks. `scope` draws one
    scope of the graph instead, and `marks` add to what the figure says. The file appears complete or not at all.

    Raises DrawingError, also for a suffix that is none of these. Without a Graphviz on the machine the
    DOT text is written beside the file, and the error says where.
    """
    from archdsl.writing import write_files

    path = Path(file)
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise DrawingError(f"cannot draw to `{path.name}`: expected a name that ends in {known}")
    try:
        data = render(graph, format, depth=depth, scope=scope, marks=marks)
    except MissingError:
        beside = path.with_suffix(".dot")
        write_files({beside: render(graph, "dot", depth=depth, scope=scope, marks=marks)})
        raise DrawingError(f"there is no Graphviz here: wrote `{beside}` instead", INSTALL) from None
    write_files({path: data})
    return path


def figure_svg(
    graph: Graph, *, depth: int | None = None, scope: Scope | None = None, marks: Marks | None = None
) -> str:
    """The figure as SVG text. Raises DrawingError."""
    return render(graph, "svg", depth=depth, scope=scope, marks=marks).decode()


def dot_text(
    graph: Graph, *, depth: int = 1, scope: Scope | None = None, coarser: int = 0, marks: Marks | None = None
) -> str:
    """The figure in Graphviz's language."""
    from archdsl.diagram.dot import dot_source
    from archdsl.diagram.outline import outline

    return dot_source(outline(graph, depth, scope=scope, coarser=coarser, marks=marks))


def render(
    graph: Graph, format: str, *, depth: int | None = None, scope: Scope | None = None, marks: Marks | None = None
) -> bytes:
    """The figure as `svg`, `pdf`, `png` or `dot`.

    Where Graphviz cannot cope with a figure it is drawn with fewer levels opened, then grouped further.
    Raises DrawingError.
    """
    depth = 1 if depth is None else depth
    if depth < 1:
        raise DrawingError(f"depth is {depth}, expected at least 1")
    if format == "dot":
        return dot_text(graph, depth=depth, scope=scope, marks=marks).encode()
    attempts = [(level, 0) for level in range(depth, 0, -1)] + [(1, step) for step in range(1, COARSER)]
    title = marks.title if marks is not None else graph.name
    texts = (dot_text(graph, depth=level, scope=scope, coarser=coarser, marks=marks) for level, coarser in attempts)
    tried: dict[str, TooLargeError] = {}
    for text in texts:
        if text in tried:
            continue
        try:
            return picture(text, format, title)
        except TooLargeError as error:
            tried[text] = error
    raise list(tried.values())[-1]
