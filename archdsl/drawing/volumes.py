"""From a graph to a picture of volumes: what is shown, laid out for a width, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from archdsl.drawing.canvas import PAD, Canvas, CanvasPart, CanvasText, Square, dot_picture, svg_source
from archdsl.drawing.faces import GAP as BETWEEN
from archdsl.drawing.faces import HEADING
from archdsl.drawing.layout import Point
from archdsl.drawing.metrics import text_width
from archdsl.drawing.pages import LEAST_TYPE, Format, page_format, too_small
from archdsl.drawing.rendering import pictures
from archdsl.drawing.solids import LengthRules, legend, rules_for
from archdsl.drawing.stands import SMALL, TIGHT, WRAPPED, Stand, stand
from archdsl.drawing.strips import strips_of
from archdsl.drawing.typefaces import unseen
from archdsl.figure.errors import DrawingError
from archdsl.figure.view import View
from archdsl.figure.volumes import VolumeFigure, volume_figure

if TYPE_CHECKING:
    from archdsl.ir.graph import Graph

SMALLEST: Final = LEAST_TYPE / SMALL
"""The scale at which the smallest text can still be read."""
LESS: Final = ((0.75, False), (1.0, True), (0.75, True), (0.5, False), (0.5, True))
"""What is tried where text would be too small: solids of parts of their size, and levels below each other."""
NEAR: Final = 0.001
TOP: Final = 26.0
"""What the title has."""
ROW: Final = 18.0
"""And a row of words at the end."""
ENTRY: Final = 9.0
"""The side of the square that shows a colour."""


def volume_pictures(graph: Graph, format: str, view: View) -> tuple[list[bytes], str]:
    """The file of a figure of volumes, and what is to be said: empty where it is as asked for. Raises DrawingError."""
    if format not in WRITERS:
        known = ", ".join(f".{each}" for each in WRITERS)
        raise DrawingError(f"volumes are not drawn to `.{format}`: expected a name that ends in {known}")
    if view.batch:
        raise DrawingError("volumes have the sizes of one sample, and not of a batch", "leave out the batch")
    figure = volume_figure(graph, view)
    canvas = volume_canvas(figure, view.width, view.theme.scale)
    said = (too_small(SMALL * canvas.scale, view.width), unseen([figure.figure], format))
    return [WRITERS[format](canvas, view)], "; ".join(filter(None, said))


def _svg(canvas: Canvas, view: View) -> bytes:
    return svg_source(canvas).encode()


def _tikz(canvas: Canvas, view: View) -> bytes:
    from archdsl.drawing.tikz_volumes import tikz_volumes

    return tikz_volumes(canvas).encode()


def _pdf(canvas: Canvas, view: View) -> bytes:
    return pictures([dot_picture(canvas)], "pdf")[0]


def _png(canvas: Canvas, view: View) -> bytes:
    return pictures([dot_picture(canvas)], "png", dpi=view.dpi)[0]


WRITERS: Final[dict[str, Callable[[Canvas, View], bytes]]] = {"svg": _svg, "pdf": _pdf, "png": _png, "tikz": _tikz}
"""By format, what makes its file."""


def volume_canvas(figure: VolumeFigure, width: str = "", scale: float = 1) -> Canvas:
    """The picture of a figure of volumes, for a width if one is given, no larger than `scale`. Raises DrawingError."""
    if not width:
        canvas = _Drawing(figure).canvas(float("inf"))
        return canvas if scale == 1 else canvas.scaled(scale)
    page = page_format(width, scale)
    found = _sized(_Drawing(figure), page)
    for part, fold in LESS:
        if found.scale < SMALLEST - NEAR and (figure.figure.is_placed or not fold):
            found = max(found, _sized(_Drawing(figure, part, fold), page), key=lambda each: each.scale)
    return found.framed(page.width + 2 * page.margin, page.height + 2 * page.margin) if page.whole else found


def _sized(drawing: _Drawing, page: Format) -> Canvas:
    """The picture with as few strips as a page has room for, and else as large as can be; smaller where it must be."""
    tried = [drawing.canvas(page.width / scale - 2 * PAD).scaled(scale) for scale in page.scales(SMALLEST)]
    fitting = [each for each in tried if _fits(each, page)]
    if fitting:
        return min(fitting, key=lambda each: each.height)
    least = tried[-1]
    return least.scaled(min(page.width / least.width, page.height / least.height))


def _fits(canvas: Canvas, page: Format) -> bool:
    return canvas.width * canvas.scale <= page.width + 0.01 and canvas.height * canvas.scale <= page.height + 0.01


class _Drawing:
    def __init__(self, volumes: VolumeFigure, part: float = 1.0, fold: bool = False) -> None:
        self._fold = fold
        self._shown = volumes
        self._figure = figure = volumes.figure
        self._palette = figure.colours
        self._volumes = [each for found in volumes.volumes.values() for each in found]
        self._rules: LengthRules = rules_for(self._volumes, part)
        wrapped = WRAPPED if part == 1 else TIGHT
        self._stands: dict[str, Stand] = {
            box.name: stand(
                box, volumes.volumes.get(box.name, ()), box.name in volumes.apart, self._rules, self._palette, wrapped
            )
            for box in figure.boxes()
        }

    def canvas(self, room: float) -> Canvas:
        """The figure with its title and what its colours and lengths mean, in strips for the room."""
        parts, width, height = strips_of(self._shown, self._stands, self._palette, room, self._fold)
        heading = self._heading()
        rows = [*self._entries(max(width, 240)), *self._legend(max(width, 240))]
        widest = max([width, *(part.width for part in (*heading, *rows))])
        placed = [part.moved((widest - part.width) / 2, 0) for part in heading]
        y = TOP if heading else 0.0
        placed += (part.moved((widest - width) / 2, y) for part in parts)
        y += height + ROW / 2
        for part in rows:
            placed.append(part.moved((widest - part.width) / 2, y))
            y += ROW if part.swatches else 12.0
        return Canvas(
            self._figure.title or self._figure.name, widest + 2 * PAD, y + 2 * PAD, self._palette,
            tuple(part.moved(PAD, PAD) for part in placed),
        )  # fmt: skip

    def _heading(self) -> list[CanvasPart]:
        figure, palette = self._figure, self._palette
        if not figure.title:
            return []
        name = CanvasText(figure.title, Point(0, HEADING / 2), HEADING, palette.title, True, "start")
        totals = CanvasText(figure.counts, Point(name.width + BETWEEN, HEADING / 2), 9, palette.muted, False, "start")
        return [CanvasPart(figure.title, "title", texts=(name, totals) if figure.counts else (name,))]

    def _entries(self, room: float) -> Iterator[CanvasPart]:
        """What the colours stand for, in rows."""
        swatches: list[Square] = []
        texts: list[CanvasText] = []
        x = 0.0
        for paint, said in self._figure.legend:
            width = ENTRY + 4 + text_width(said, SMALL)
            if swatches and x + width > room:
                yield CanvasPart("colours", "legend", swatches=tuple(swatches), texts=tuple(texts))
                swatches, texts, x = [], [], 0.0
            swatches.append(Square(Point(x, ROW / 2 - ENTRY / 2), ENTRY, paint))
            texts.append(CanvasText(said, Point(x + ENTRY + 4, ROW / 2), SMALL, self._palette.muted, anchor="start"))
            x += width + 2 * BETWEEN
        if swatches:
            yield CanvasPart("colours", "legend", swatches=tuple(swatches), texts=tuple(texts))

    def _legend(self, room: float) -> Iterator[CanvasPart]:
        """What lengths mean, broken where a line would be too long."""
        line = ""
        for said in legend(self._volumes, self._rules):
            longer = f"{line} · {said}" if line else said
            if line and text_width(longer, SMALL) > room:
                yield self._words(line)
                longer = said
            line = longer
        if line:
            yield self._words(line)

    def _words(self, said: str) -> CanvasPart:
        return CanvasPart(
            "lengths", "legend", texts=(CanvasText(said, Point(0, 6), SMALL, self._palette.muted, anchor="start"),)
        )
