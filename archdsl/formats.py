"""Figures: a graph as boxes and links, these as DOT, and DOT as a picture."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from archdsl.drawing.process import INSTALL
from archdsl.figure.errors import DrawingError, MissingError, TooLargeError
from archdsl.figure.view import COLOURS, DIRECTIONS, STYLES, View

if TYPE_CHECKING:
    from archdsl.figure.marks import Marks
    from archdsl.figure.view import ViewOptions
    from archdsl.ir.graph import Graph

__all__ = [
    "FORMATS", "Drawing", "DrawingError", "DrawingWarning", "MissingError", "TooLargeError", "View", "asked", "draw",
    "figure_svg", "render", "svg_or_nothing",
]  # fmt: skip


LEAST_DPI: Final = 36
MOST_DPI: Final = 1200
_CHOICES: Final = {"direction": DIRECTIONS, "style": STYLES, "colour_by": COLOURS}


class DrawingWarning(UserWarning):
    """A figure shows less than was asked for."""


def asked(graph: Graph, options: ViewOptions) -> View:
    """The view that these options ask for, with the theme of a file. Raises SpecError for what is wrong with that."""
    theme = options.get("theme")
    others: dict[str, Any] = {name: value for name, value in options.items() if name != "theme"}
    view = View.asked(**others)
    if theme is None:
        return view
    from archdsl.theming.reading import read_theme

    return replace(view, theme=read_theme(theme, graph))


def draw(
    graph: Graph, file: str | os.PathLike[str], view: View | None = None, *, marks: Marks | None = None
) -> list[Path]:
    """Draws a graph into a file, whose suffix says the format (`FORMATS`); returns its path.

    `view` says what is shown, and `marks` add to it. The file appears complete or not at all. A figure that is set
    for a width may need several pages: where the format has none, each is a file, `net-1.svg`, `net-2.svg`, ….
    Where the figure had to be made smaller, a DrawingWarning says so.

    Raises DrawingError, also for a suffix that is none of these. Without a Graphviz on the machine the
    DOT text is written beside the file, and the error says where.
    """
    from archdsl.text.writing import write_files

    path = Path(file)
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise DrawingError(f"cannot draw to `{path.name}`: expected a name that ends in {known}")
    try:
        pages = _files(graph, format, view, marks)
    except MissingError:
        beside = path.with_suffix(".dot")
        write_files({beside: render(graph, "dot", view, marks=marks)})
        raise DrawingError(f"there is no Graphviz here: wrote `{beside}` instead", INSTALL) from None
    paths = [path] if len(pages) == 1 else [_numbered(path, number) for number in range(1, len(pages) + 1)]
    write_files(dict(zip(paths, pages, strict=True)))
    return paths


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def figure_svg(graph: Graph, view: View | None = None, *, marks: Marks | None = None) -> str:
    """The figure as SVG text. Raises DrawingError."""
    return render(graph, "svg", view, marks=marks).decode()


def svg_or_nothing(graph: Graph, marks: Marks | None = None) -> str | None:
    """What a notebook shows: the figure as SVG text, or None where it cannot be drawn."""
    try:
        return figure_svg(graph, marks=marks)
    except DrawingError:
        return None


@final
class Drawing:
    """A figure as a notebook shows it where it is the last line of a cell."""

    def __init__(self, graph: Graph, options: ViewOptions, marks: Marks | None = None) -> None:
        """Draws it. Raises DrawingError, and SpecError for what is wrong with a theme."""
        self.svg = figure_svg(graph, asked(graph, options), marks=marks)

    def _repr_svg_(self) -> str:
        return self.svg


def render(graph: Graph, format: str, view: View | None = None, *, marks: Marks | None = None) -> bytes:
    """The figure in one of the `FORMATS`. Raises DrawingError, also where it needs several files."""
    first, *more = _files(graph, format, view, marks)
    if more:
        raise DrawingError(f"the figure has {1 + len(more)} pages, each a file", "draw it to a name, or make it a .pdf")
    return first


def _files(graph: Graph, format: str, view: View | None, marks: Marks | None) -> list[bytes]:
    view = View() if view is None else view
    if view.depth is not None and view.depth < 1:
        raise DrawingError(f"depth is {view.depth}, expected at least 1")
    for name, known in _CHOICES.items():
        if (value := getattr(view, name)) not in known:
            raise DrawingError(f"the {name.replace('_', ' ')} is `{value}`, expected one of {', '.join(known)}")
    if view.dpi is not None and not LEAST_DPI <= view.dpi <= MOST_DPI:
        raise DrawingError(f"dpi is {view.dpi}, expected {LEAST_DPI} to {MOST_DPI}")
    if view.style == "volumes":
        return _volumes(graph, format, view, marks)
    return FORMATS[format](graph, format, view, marks)


def _volumes(graph: Graph, format: str, view: View, marks: Marks | None) -> list[bytes]:
    """Solids as large as what flows."""
    from archdsl.drawing.volumes import volume_pictures

    if marks is not None:
        raise DrawingError("a difference is not drawn as volumes", "choose another style")
    try:
        files, said = volume_pictures(graph, format, view)
    except MissingError as error:
        said = f"{error.message}, as a .{format} needs it"
        raise DrawingError(said, f"{INSTALL}, or draw to .svg") from None
    if said:
        warnings.warn(said, DrawingWarning, stacklevel=4)
    return files


def _picture(graph: Graph, format: str, view: View, marks: Marks | None) -> list[bytes]:
    from archdsl.drawing.painting import picture

    files, said = picture(graph, format, view, marks=marks)
    if said:
        warnings.warn(said, DrawingWarning, stacklevel=3)
    return files


def _dot(graph: Graph, format: str, view: View, marks: Marks | None) -> list[bytes]:
    """Graphviz's language: a graph for the overview and, where there are details, one for each."""
    from archdsl.drawing.dot import dot_source
    from archdsl.drawing.painting import sheet

    plain = replace(view, terraced=False)  # Graphviz knows no row that goes up again
    return ["\n".join(dot_source(figure) for figure in sheet(graph, plain, marks=marks)).encode()]


def _mermaid(graph: Graph, format: str, view: View, marks: Marks | None) -> list[bytes]:
    """Mermaid's language: the overview, where no depth says otherwise."""
    from archdsl.drawing.mermaid import mermaid_source
    from archdsl.drawing.painting import sheet

    view = replace(view, depth=view.depth or 1, terraced=False)
    return [mermaid_source(sheet(graph, view, marks=marks)[0]).encode()]


def _page(graph: Graph, format: str, view: View, marks: Marks | None) -> list[bytes]:
    """The page in which every block can be opened."""
    from archdsl.viewer import page

    if marks is not None:
        raise DrawingError("a page shows one network, and no difference", "draw to .svg, .pdf or .png")
    return [page(graph, view).encode()]


FORMATS: Final[dict[str, Callable[[Graph, str, View, Marks | None], list[bytes]]]] = {
    "svg": _picture,
    "pdf": _picture,
    "png": _picture,
    "dot": _dot,
    "tikz": _picture,
    "drawio": _picture,
    "pptx": _picture,
    "mmd": _mermaid,
    "html": _page,
}
"""By the suffix of a file, what makes it, or several."""
