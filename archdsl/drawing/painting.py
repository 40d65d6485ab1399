"""From a graph to a picture: what is shown, laid out, put on one sheet, and rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from archdsl.drawing.detours import with_detours
from archdsl.drawing.digits import first_alike
from archdsl.drawing.dot import dot_source
from archdsl.drawing.labels import with_labels
from archdsl.drawing.process import one_process
from archdsl.drawing.rendering import lay_out, pictures
from archdsl.drawing.settle import LaidOut, settled
from archdsl.drawing.sheet import arranged
from archdsl.drawing.svg import finish
from archdsl.drawing.typefaces import unseen
from archdsl.figure.distinct import Distinct, distinct_blocks
from archdsl.figure.errors import TooLargeError
from archdsl.figure.figure import Figure, without_some
from archdsl.figure.flow import Flow
from archdsl.figure.grouping import as_asked
from archdsl.figure.outline import outline
from archdsl.figure.paths import block_at
from archdsl.figure.staggering import staggered, with_inputs_above, with_outputs_below
from archdsl.figure.standing import tiled
from archdsl.figure.view import View
from archdsl.words.naming import DOT
from archdsl.words.quantities import SPACE

if TYPE_CHECKING:
    from archdsl.drawing.pages import Format
    from archdsl.figure.marks import Marks
    from archdsl.ir.graph import Graph

COARSER: Final = 5
"""How often a figure that is too large is grouped further before drawing it is given up."""


def sheet(graph: Graph, view: View, *, marks: Marks | None = None, coarser: int = 0) -> list[Figure]:
    """The figures on a picture: one, or an overview with a detail for each distinct block."""
    figures = _figures(graph, view, marks, coarser)
    if view.colour_by == "op" and not (view.legend or view.theme.legend):
        return figures
    from archdsl.figure.colours import coloured

    return coloured(graph, figures, view)


def _figures(graph: Graph, view: View, marks: Marks | None, coarser: int) -> list[Figure]:
    if view.depth is not None or view.only is not None or marks is not None:
        return [outline(graph, view, marks=marks, coarser=coarser)]
    flow = as_asked(Flow(graph, view=view))
    overview = outline(graph, replace(view, depth=1), coarser=coarser, flow=flow)
    closed = [block_at(graph, path) for path in view.collapse]
    blocks = distinct_blocks(graph, closed, flow=flow, coarser=coarser)
    return [overview, *(_detail(graph, view, each, flow) for each in blocks)]


def _detail(graph: Graph, view: View, block: Distinct, flow: Flow) -> Figure:
    path = block.scope.path
    shown = View(depth=1, style=view.style, counts=view.counts, batch=view.batch, theme=view.theme)
    flow = flow.fusing(fuses=flow.fuses, optional=block.optional)
    figure = without_some(outline(graph, shown, scope=block.scope, flow=flow), block.optional, block.cut, block.varying)
    usual = f"{figure.title}, {block.variant}" if block.variant else figure.title
    title = usual if block.alike else view.theme.labels.get(path, usual)
    what = "complete" if block.mixed else "dashed"
    some = f"{DOT}{what}{SPACE}in {block.whole}{SPACE}of{SPACE}{block.alike + 1}" if block.optional else ""
    counts = figure.counts.replace(path, f"{path}, one of {block.alike + 1}{some}", 1) if block.alike else figure.counts
    return replace(figure, name=path, title=title, counts=counts, stacked=True)


def placed(figures: Sequence[Figure], view: View) -> LaidOut:
    """The figures of a picture as one, laid out. Raises DrawingError."""
    return arranged(laid_out(figures), view.direction)


def pages(figures: Sequence[Figure], view: View) -> list[LaidOut]:
    """The figures of a picture, laid out for its width: on one page, or on several. Raises DrawingError."""
    scale = view.theme.scale
    if not view.width and scale == 1:
        return [placed(figures, view)]
    from archdsl.drawing.pages import cost, is_good, page_format, paged, scaled

    if not view.width:
        return [scaled(placed(figures, view), scale)]
    page = page_format(view.width, scale)
    parts = laid_out(figures)
    found = paged(parts, page)
    if is_good(found) and len(found) == 1:
        return found
    narrow = laid_out([figure.narrowed() for figure in figures])
    found = min(found, paged([parts[0], *narrow[1:]], page), paged(narrow, page), key=cost)
    if is_good(found):
        return found
    return min(found, paged(_fitting(figures, (parts, narrow), page), page), key=cost)


def _fitting(figures: Sequence[Figure], known: Iterable[Sequence[LaidOut]], page: Format) -> list[LaidOut]:
    """Each figure in the first form whose text is all there and can be read, or else in that in which it is largest."""
    from archdsl.drawing.pages import worth

    best = [max(parts, key=lambda part: worth(part, page)) for parts in zip(*known, strict=True)]
    best = _formed(figures, best, page)
    return [part for figure, each in zip(figures, best, strict=True) for part in _going_on(figure, each, page)]


def _formed(figures: Sequence[Figure], best: Sequence[LaidOut], page: Format) -> list[LaidOut]:
    """Each figure in the first of the forms in which all can be read, or that in which it is largest, if larger."""
    from archdsl.drawing.pages import worth

    best = list(best)
    for form in _FORMS:
        small = [at for at, part in enumerate(best) if worth(part, page) < (1, 0) and not figures[at].is_placed]
        for at, part in zip(small, laid_out([form(figures[at]) for at in small]), strict=True):
            best[at] = max(best[at], part, key=lambda each: worth(each, page))
    return best


def _going_on(figure: Figure, best: LaidOut, page: Format) -> list[LaidOut]:
    """The figure in as few parts as can be read; as it was where that makes it no larger."""
    from archdsl.drawing.pages import legibility
    from archdsl.figure.continuing import continued

    found = [best]
    for number in PARTS:
        figures = continued(figure, number)
        if len(figures) < number or min(legibility(part, page) for part in found) >= 1:
            continue
        parts = _formed(figures, laid_out(figures), page)
        found = max(found, parts, key=lambda each: min(legibility(part, page) for part in each))
    return found


PARTS: Final = (2, 3, 4)
"""In how many parts a figure goes on that is too high."""
_FORMS: Final[Sequence[Callable[[Figure], Figure]]] = (
    Figure.tightened,
    lambda figure: figure.narrowed().tightened(),
    Figure.slimmed,
    lambda figure: with_inputs_above(figure.slimmed()),
    lambda figure: staggered(figure.slimmed()),
    lambda figure: with_outputs_below(figure.slimmed()),
    lambda figure: with_outputs_below(with_inputs_above(figure.slimmed())),
    lambda figure: with_inputs_above(staggered(figure.slimmed())),
)
"""What is done to a figure that is too large, one instead of the other."""


def painted(figures: Sequence[Figure], format: str) -> list[bytes]:
    """Each figure as a picture of its own, in `svg`, `pdf` or `png`, in one go. Raises DrawingError."""
    with one_process():
        return WRITERS[format](laid_out(figures), View())


def laid_out(figures: Sequence[Figure]) -> list[LaidOut]:
    """Each figure with its layout, mended. Raises DrawingError."""
    firsts = first_alike(figures)
    different = sorted(set(firsts))
    layouts = dict(zip(different, lay_out([dot_source(figures[number]) for number in different]), strict=True))
    parts = ((figure, layouts[number]) for figure, number in zip(figures, firsts, strict=True))
    return [with_labels(_mended(settled(*part))) for part in parts]


def _mended(part: LaidOut) -> LaidOut:
    """The figure at its levels, or with better courses for its ways."""
    if part.figure.cells:
        from archdsl.drawing.pyramids import in_a_grid

        return in_a_grid(part)
    if part.figure.places:
        from archdsl.drawing.terracing import at_levels

        return at_levels(part)
    return with_detours(part)


def _tikz(parts: Sequence[LaidOut], view: View) -> list[bytes]:
    from archdsl.drawing.tikz import tikz_source

    return [tikz_source(*part).encode() for part in parts]


def _drawio(parts: Sequence[LaidOut], view: View) -> list[bytes]:
    from archdsl.drawing.drawio import drawio_source

    return [drawio_source(parts).encode()]


def _pptx(parts: Sequence[LaidOut], view: View) -> list[bytes]:
    from archdsl.drawing.slides import slides

    return [slides(parts)]


def _pdf(parts: Sequence[LaidOut], view: View) -> list[bytes]:
    found = pictures([dot_source(*part) for part in parts], "pdf")
    if len(found) == 1:
        return found
    from archdsl.drawing.binding import bound

    return [bound(found)]


def _svg(parts: Sequence[LaidOut], view: View) -> list[bytes]:
    found = pictures([dot_source(*part) for part in parts], "svg")
    titles = [part.figure.title or part.figure.name for part in parts]
    return [finish(data.decode(), title).encode() for data, title in zip(found, titles, strict=True)]


def _png(parts: Sequence[LaidOut], view: View) -> list[bytes]:
    return pictures([dot_source(*part) for part in parts], "png", dpi=view.dpi)


WRITERS: Final[dict[str, Callable[[Sequence[LaidOut], View], list[bytes]]]] = {
    "svg": _svg, "pdf": _pdf, "png": _png, "tikz": _tikz, "drawio": _drawio, "pptx": _pptx,
}  # fmt: skip
"""By format, what makes files of pages: one of all where the format has pages, else one of each."""


def picture(graph: Graph, format: str, view: View, *, marks: Marks | None = None) -> tuple[list[bytes], str]:
    """The files of the picture, one for each page or with all, and what is to be said: empty where it is as asked for.

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
            with one_process():
                parts = for_width(graph, figures, less, marks, coarser)
                files = WRITERS[format](parts, view)
        except TooLargeError as error:
            failed = error
        else:
            fewer = f"{_spoken(less, coarser)}: {failed.message}" if failed is not None else _small(parts, view)
            return files, "; ".join(filter(None, (fewer, unseen((part.figure for part in parts), format))))
    assert failed is not None
    raise failed


def for_width(
    graph: Graph, figures: Sequence[Figure], view: View, marks: Marks | None = None, coarser: int = 0
) -> list[LaidOut]:
    """The pages; what is too wide for them at its levels runs down as other figures do."""
    found = pages(figures, view)
    if not view.width or not any(figure.is_placed for figure in figures):
        return found
    from archdsl.drawing.pages import cost

    if not cost(found)[0]:
        return found
    small = pages(list(map(tiled, figures)), view)
    if cost(small) < cost(found) and not cost(small)[0]:
        return small
    plain = sheet(graph, replace(view, terraced=False), marks=marks, coarser=coarser)
    return min(found, small, pages(plain, view), key=cost)


def _small(parts: Sequence[LaidOut], view: View) -> str:
    """What is said where text is too small to be read."""
    if not view.width:
        return ""
    from archdsl.drawing.pages import smallest_text, too_small

    return too_small(smallest_text(parts), view.width)


def _attempts(view: View) -> Iterator[tuple[View, int]]:
    """Views that show less and less, each with how much coarser it is grouped."""
    yield view, 0
    for depth in range((view.depth or 2) - 1, 0, -1):
        yield replace(view, depth=depth), 0
    for coarser in range(1, COARSER):
        yield replace(view, depth=1, expand=()), coarser


def _spoken(view: View, coarser: int) -> str:
    return f"drawn at depth {view.depth}" + (", with neighbours in one box" if coarser else "")
