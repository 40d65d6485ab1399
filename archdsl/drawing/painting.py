"""From a graph to a picture: what is shown, laid out, put on one sheet, and rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from archdsl.drawing.detours import with_detours
from archdsl.drawing.dot import dot_source
from archdsl.drawing.labels import with_labels
from archdsl.drawing.rendering import lay_out, pictures
from archdsl.drawing.settle import LaidOut, settled
from archdsl.drawing.sheet import arranged
from archdsl.drawing.svg import finish
from archdsl.figure.distinct import Distinct, distinct_blocks
from archdsl.figure.errors import TooLargeError
from archdsl.figure.figure import Figure
from archdsl.figure.outline import outline
from archdsl.figure.paths import block_at
from archdsl.figure.view import View

if TYPE_CHECKING:
    from archdsl.figure.marks import Marks
    from archdsl.ir.graph import Graph

COARSER: Final = 5
"""How often a figure that is too large is grouped further before drawing it is given up."""


def sheet(graph: Graph, view: View, *, marks: Marks | None = None, coarser: int = 0) -> list[Figure]:
    """The figures on a picture: one, or an overview with a detail for each distinct block."""
    if view.depth is not None or view.only is not None or marks is not None:
        return [outline(graph, view, marks=marks, coarser=coarser)]
    overview = outline(graph, replace(view, depth=1), coarser=coarser)
    closed = [block_at(graph, path) for path in view.collapse]
    return [overview, *(_detail(graph, view, each) for each in distinct_blocks(graph, closed))]


def _detail(graph: Graph, view: View, block: Distinct) -> Figure:
    path = block.scope.path
    figure = outline(graph, View(depth=1, style=view.style, counts=view.counts, batch=view.batch), scope=block.scope)
    title = f"{figure.title}, {block.variant}" if block.variant else figure.title
    counts = figure.counts.replace(path, f"{path}, one of {block.alike + 1}", 1) if block.alike else figure.counts
    return replace(figure, name=path, title=title, counts=counts, stacked=True)


def placed(figures: Sequence[Figure], view: View) -> LaidOut:
    """The figures of a picture as one, laid out. Raises DrawingError."""
    return arranged(_laid_out(figures), view.direction)


def painted(figures: Sequence[Figure], format: str) -> list[bytes]:
    """Each figure as a picture of its own, in `svg`, `pdf` or `png`, in one go. Raises DrawingError."""
    return _rendered(_laid_out(figures), format)


def _laid_out(figures: Sequence[Figure]) -> list[LaidOut]:
    layouts = lay_out([dot_source(figure) for figure in figures])
    return [with_labels(with_detours(settled(*each))) for each in zip(figures, layouts, strict=True)]


def _tikz(part: LaidOut) -> bytes:
    from archdsl.drawing.tikz import tikz_source

    return tikz_source(*part).encode()


def _drawio(part: LaidOut) -> bytes:
    from archdsl.drawing.drawio import drawio_source

    return drawio_source(part).encode()


def _pptx(part: LaidOut) -> bytes:
    from archdsl.drawing.slides import slides

    return slides(part)


WRITERS: Final[dict[str, Callable[[LaidOut], bytes]]] = {"tikz": _tikz, "drawio": _drawio, "pptx": _pptx}
"""By format, what writes a figure that has been laid out; Graphviz writes the others."""


def _rendered(parts: Sequence[LaidOut], format: str) -> list[bytes]:
    if format in WRITERS:
        return [WRITERS[format](part) for part in parts]
    found = pictures([dot_source(*part) for part in parts], format)
    if format != "svg":
        return found
    titles = [part.figure.title or part.figure.name for part in parts]
    return [finish(data.decode(), title).encode() for data, title in zip(found, titles, strict=True)]


def picture(graph: Graph, format: str, view: View, *, marks: Marks | None = None) -> tuple[bytes, str]:
    """The picture, and what is to be said of it: empty where it shows what was asked for.

    Where Graphviz cannot cope with a figure it is drawn with fewer levels opened, then grouped further.
    Raises DrawingError.
    """
    failed: TooLargeError | None = None
    tried: list[list[Figure]] = []
    for less, coarser in _attempts(view):
        figures = sheet(graph, less, marks=marks, coarser=coarser)
        if figures in tried:
            continue
        tried.append(figures)
        try:
            (data,) = _rendered([placed(figures, view)], format)
        except TooLargeError as error:
            failed = error
        else:
            return data, "" if failed is None else f"{_spoken(less, coarser)}: {failed.message}"
    assert failed is not None
    raise failed


def _attempts(view: View) -> Iterator[tuple[View, int]]:
    """Views that show less and less, each with how much coarser it is grouped."""
    yield view, 0
    for depth in range((view.depth or 2) - 1, 0, -1):
        yield replace(view, depth=depth), 0
    for coarser in range(1, COARSER):
        yield replace(view, depth=1, expand=()), coarser


def _spoken(view: View, coarser: int) -> str:
    return f"drawn at depth {view.depth}" + (", with neighbours in one box" if coarser else "")
