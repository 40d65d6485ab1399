"""What stands in a box: its name, fields, lines and counts, broken to its width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

from archdsl.drawing.metrics import ELLIPSIS, text_width, wrap
from archdsl.figure.figure import Box, Figure, Style
from archdsl.figure.palette import Palette, is_loud
from archdsl.figure.theme import USUAL_SIZE
from archdsl.words.quantities import SPACE

POINTS: Final = 72
CARD: Final = 3.3
"""The width of a card in inches."""
TILE: Final = 1.25
"""The least width of a tile in inches."""
AT_A_DOT: Final = 3
"""So many ways part at a dot; for more the line that comes runs across, and they leave it side by side."""
OP: Final = 1.6
"""The least width of an op's box in inches."""
MARGIN: Final = 0.11
"""Left and right of a box's text, in inches."""
SLIM_MARGIN: Final = 0.07
"""The same of a slim box."""
NARROW_CARD: Final = 2.1
"""And of a narrow one."""
NARROW_OP: Final = 0.6
"""The least width of a narrow op's box in inches."""
INNER: Final = 221
"""Points for the text of a card."""
NARROW_INNER: Final = round(INNER - (CARD - NARROW_CARD) * POINTS)
GAP: Final = 8
"""Between a card's text and its pill, in points."""
NARROW: Final = (TILE - 2 * MARGIN) * POINTS
WIDE: Final = 1.4 * NARROW
"""The most points that a text without a place to break it may need in a tile, where there is a comma."""
NOTE: Final = 150
"""The width at which lines below an op's name are broken, in points."""
LINES: Final = 4
"""Longer lists of counts are cut, and so many lines a slim text has where its width allows."""
MOST: Final = 2 * LINES
"""Longer texts of boxes are cut: a box is rather high than that it leaves out a layer."""
SLIM: Final = (58, 84, 126, 190)
"""Widths at which the texts of slim boxes are broken, in points: the first at which there are no more than `LINES`."""
HEADING: Final = 11.5
"""The font size of a figure's title."""
BOLD: Final = 1.06
"""How much wider bold text is."""
SIZE, SMALL, TINY = USUAL_SIZE, 9, 8
"""Font sizes of names, fields and counts; those in HTML-like labels must be whole numbers."""


class Stretch(NamedTuple):
    """A piece of a line."""

    text: str
    size: float
    colour: str = ""
    """Empty for the box's own."""
    bold: bool = False


Line: TypeAlias = tuple[Stretch, ...]


@dataclass(frozen=True)
class Face:
    """The text of a box."""

    lines: tuple[Line, ...]
    pitch: int
    """From line to line, in points."""
    width: int = 0
    """Of lines that begin at the left, in points; 0 for lines in the middle."""
    times: int = 1
    """More than once is said in a pill."""
    pill: str = ""
    """The pill's colour."""


def face(box: Box, palette: Palette) -> Face:
    """The text of a card, a tile or an op's box."""
    if box.style is Style.OP:
        return _op(box, palette)
    if box.style is Style.TILE:
        return _tile(box, palette)
    if not (box.lines or box.remarks or box.counts or box.aside or box.times > 1):
        return _stacked(_named(box, palette))
    return _card(box, palette)


def is_cut(box: Box, palette: Palette) -> bool:
    """Whether a card, a tile or an op's box leaves out some of its text."""
    said = (box.title, box.fields, box.aside, *box.lines, *(text for _, text in box.remarks))
    shown = (span.text for line in face(box, palette).lines for span in line)
    return sum(text.count(ELLIPSIS) for text in shown) > sum(text.count(ELLIPSIS) for text in said)


def heading(box: Box, palette: Palette) -> Face:
    """The text of a box that is text alone: of an input or output, of a panel, of a figure on a sheet."""
    if box.style is Style.TITLE:
        return _stacked((_bold(box.title, HEADING),), counts_below(box.counts), palette.muted)
    times = f"  ×{box.times}" if box.times > 1 else ""
    below = [*_broken(box.aside, OP * POINTS), *(part for line in box.lines for part in _broken(line, NOTE))]
    *above, name = _slim_name(box.title) if box.slim else [box.title]
    face = _stacked((_bold(name + times),), [*below, box.counts], palette.muted)
    return replace(face, lines=(*((_bold(part),) for part in above), *face.lines))


def title(figure: Figure, palette: Palette) -> Face:
    """A figure's title with its totals."""
    name = _bold(figure.title, HEADING)
    if figure.stacked:
        return _stacked((name,), counts_below(figure.counts), palette.muted)
    return _stacked((name, Stretch(f"   {figure.counts}", SMALL, palette.muted)))


def counts_below(text: str) -> list[str]:
    """What stands below the title of a narrow figure, in lines about as wide as a card."""
    return wrap(text, TINY, CARD * POINTS, lines=LINES)


def carried(box: Box) -> list[str]:
    """The lines of a box on a loop edge."""
    return wrap(box.title, SMALL, OP * POINTS, lines=3)


def least_width(box: Box) -> float:
    """How wide a card, a tile or an op's box is at least, in inches."""
    match box.style:
        case Style.CARD:
            return NARROW_CARD if box.narrow else CARD
        case Style.TILE:
            return NARROW_OP if box.slim else TILE
        case _:
            return NARROW_OP if box.narrow else OP


def op_width(box: Box) -> float:
    """How wide an op's text is, in points."""
    if box.slim:
        titles, fields = _slim(box.title, SIZE * BOLD), _slim(box.fields, SMALL)
        return max(
            *(text_width(each, SIZE, bold=True) for each in titles), *(text_width(each, SMALL) for each in fields)
        )
    if box.narrow:
        return max(text_width(box.title, SIZE, bold=True), text_width(box.fields, SMALL))
    return text_width(box.title, SIZE, bold=True) + text_width(f"  {box.fields}", SMALL)


def pill_width(times: int) -> float:
    """How wide the pill is that says so, in points."""
    return max(30, text_width(f"×{times}", 11, bold=True) + 10)


def _bold(text: str, size: float = SIZE) -> Stretch:
    return Stretch(text, size, bold=True)


def _stacked(first: Line, below: Iterable[str] = (), colour: str = "") -> Face:
    """A line with small ones below it, all in the middle."""
    return Face((first, *((Stretch(line, TINY, colour),) for line in below if line)), 11)


def _named(box: Box, palette: Palette) -> Line:
    """The name with its fields beside it."""
    beside = (Stretch(f"  {box.fields}", SMALL, palette.paints[box.paint].text),) if box.fields else ()
    return (_bold(box.title), *beside)


def _op(box: Box, palette: Palette) -> Face:
    texts = (*box.lines, *(text for _, text in box.remarks))
    below = [part for text in texts for part in _broken(text, NARROW if box.narrow else NOTE)]
    if not box.narrow:
        return _stacked(_named(box, palette), below, _quiet(box, palette))
    titles = _slim(box.title, SIZE * BOLD) if box.slim else [box.title]
    fields = _slim(box.fields, SMALL) if box.slim else [box.fields]
    colour = palette.paints[box.paint].text
    lines = (*((_bold(each),) for each in titles), *((Stretch(each, SMALL, colour),) for each in fields if each))
    stacked = _stacked((), below, _quiet(box, palette))
    return replace(stacked, lines=(*lines, *stacked.lines[1:]))


def _slim(text: str, size: float) -> list[str]:
    """The text in few lines, and these as short as they may be."""
    loose = _loose(text)
    tried = (wrap(loose, size, width, lines=MOST) for width in SLIM)
    return next((lines for lines in tried if len(lines) <= LINES), wrap(loose, size, SLIM[-1], lines=MOST))


def _loose(text: str) -> str:
    """The text with more places to break it, none of them before a dot."""
    return text.replace(SPACE, " ").replace(" · ", f"{SPACE}· ")


def _slim_name(text: str) -> list[str]:
    """A name broken behind its dots and underlines."""
    lines = [""]
    for part in re.split(r"(?<=[._])", text):
        if lines[-1] and text_width(lines[-1] + part, SIZE, bold=True) > SLIM[0]:
            lines.append("")
        lines[-1] += part
    return lines


def _broken(text: str, width: float) -> list[str]:
    return wrap(text, TINY, width, lines=MOST)


def _quiet(box: Box, palette: Palette) -> str:
    """The colour of small text in a box: on the fills of what changed the usual one would be too pale."""
    return palette.paints[box.paint].text if is_loud(box.paint) else palette.muted


def _card(box: Box, palette: Palette) -> Face:
    width = (NARROW_INNER if box.narrow else INNER) - (GAP + pill_width(box.times) if box.times > 1 else 0)
    lines = tuple(_card_lines(box, width, palette))
    return Face(lines, 13, round(width), box.times, palette.paints[box.paint].pill)


def _card_lines(box: Box, width: float, palette: Palette) -> Iterator[Line]:
    """The card's lines, broken to the width."""
    first, *more = _title_lines(box.title, width)
    used = text_width(first, SIZE, bold=True)
    line = [_bold(first)]
    below = []
    for span in _beside(box, palette):
        wider = text_width(f"  {span.text}", span.size)
        if not more and used + wider <= width:
            line.append(span._replace(text=f"  {span.text}"))
            used += wider
        else:
            below.append(span)
    yield tuple(line)
    yield from ((_bold(part),) for part in more)
    for span in (*below, *_below(box, palette)):
        yield from _parts(span, width)
    if box.counts:
        yield (Stretch(box.counts, TINY, _quiet(box, palette)),)


def _tile(box: Box, palette: Palette) -> Face:
    """Lines in the middle, the pill below them."""
    spans = [_loosened(span) for span in (*_beside(box, palette), *_below(box, palette))]
    words = (text_width(word, span.size) for span in spans for word in span.text.split(" "))
    width = max([NARROW, *words])
    # names of several words break, so that a tile stays narrow
    title = _loose(box.title) if box.slim else box.title.replace(SPACE, " ")
    lines: list[Line] = [(_bold(part),) for part in _title_lines(title, width)]
    lines += (line for span in spans for line in _parts(span, width))
    lines += [(Stretch(part, TINY, _quiet(box, palette)),) for part in box.counts.split(" · ") if part]
    return Face(tuple(lines), 12, 0, box.times, palette.paints[box.paint].pill)


def _parts(span: Stretch, width: float) -> Iterator[Line]:
    """The text broken to a width."""
    for part in wrap(span.text, span.size, width, lines=MOST):
        yield (span._replace(text=part),)


def _loosened(span: Stretch) -> Stretch:
    """The text, where a part is too wide for a tile with more places to break it."""
    words = span.text.split(" ")
    loose = (word.replace(f",{SPACE}", ", ") if text_width(word, span.size) > WIDE else word for word in words)
    return span._replace(text=" ".join(loose))


def _beside(box: Box, palette: Palette) -> Iterator[Stretch]:
    """What stands beside the name where there is room."""
    if box.fields:
        yield Stretch(box.fields, SMALL, palette.paints[box.paint].text)
    if box.aside:
        yield Stretch(box.aside, TINY, _quiet(box, palette))


def _below(box: Box, palette: Palette) -> Iterator[Stretch]:
    yield from (Stretch(text, SMALL, palette.paints[box.paint].text) for text in box.lines)
    yield from (Stretch(text, SMALL, palette.paints[name].text) for name, text in box.remarks)


def _title_lines(text: str, width: float) -> list[str]:
    return wrap(text, SIZE * BOLD, width, lines=MOST)
