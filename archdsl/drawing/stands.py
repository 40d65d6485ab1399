"""What stands at one place of a figure of volumes: solids with their sizes, a sign or words, and a name below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from archdsl.drawing.canvas import CanvasPart, CanvasText, Circle
from archdsl.drawing.layout import Point
from archdsl.drawing.metrics import text_width, wrap
from archdsl.drawing.solids import LengthRules, Solid, solid
from archdsl.figure.figure import Box, Style
from archdsl.figure.palette import Palette
from archdsl.figure.volumes import Volume
from archdsl.words.quantities import SPACE

_SPACES: Final = re.compile(rf"{SPACE}(?![·×])")
"""Between words: not before a dot, nor before how often a block stands there."""
NAME, SMALL = 9.0, 8.0
"""Font sizes of names, and of all other words."""
PITCH: Final = 10.5
"""From line to line."""
WRAPPED, TIGHT = 74.0, 50.0
"""How wide words below solids are at least before they are broken, and where there is little room."""
LINES: Final = 4
"""Of a name, or of what is said below it."""
LAYER: Final = 2.5
"""Between solids of layers that follow each other."""
APART: Final = 9.0
"""Between what is seen of solids that are several results."""
HALF: Final = 4.5
"""What a label needs above its middle."""
SIGN: Final = 8.0
"""The radius of a circle with a sign."""


@dataclass(frozen=True)
class Stand:
    """A box of the figure where it is drawn: its axis is at height 0, and its left end at 0."""

    part: CanvasPart
    captions: tuple[CanvasText, ...]
    """The words below it: those of one row begin at one height, which is 0 here."""
    left: float
    right: float
    top: float
    bottom: float
    entry: Point
    exit: Point
    crowns: tuple[Point, ...]
    """The middle of the upper face of each solid: where links come from above, or leave."""

    @property
    def caption_height(self) -> float:
        return max((text.at.y + PITCH / 2 for text in self.captions), default=0.0)


def stand(
    box: Box, volumes: Sequence[Volume], apart: bool, rules: LengthRules, palette: Palette, wrapped: float = WRAPPED
) -> Stand:
    """A box with its volumes, and words that are broken where they are wider than these and than the wrapping width."""
    if not volumes:
        return _sign(box, palette) if box.style is Style.MERGE else _words(box, palette, wrapped)
    solids = list(_placed(volumes, apart, rules, box.dashed))
    labels = _labels(volumes, solids, apart, palette)
    left, right = min(each.left for each in solids), max(each.right for each in solids)
    captions = tuple(_captions(box, palette, (left + right) / 2, max(wrapped, right - left)))
    texts = (*labels, *captions)
    return Stand(
        CanvasPart(box.name, "volumes", solids=tuple(solids), texts=tuple(labels)),
        captions,
        min(left, *(text.left for text in texts)),
        max(right, *(text.left + text.width for text in texts)),
        min(each.top for each in solids),
        max([*(each.bottom for each in solids), *(text.at.y + PITCH / 2 for text in labels)]),
        solids[0].entry, solids[-1].exit, tuple(each.crown for each in solids),
    )  # fmt: skip


def _placed(volumes: Sequence[Volume], apart: bool, rules: LengthRules, dashed: bool) -> Iterator[Solid]:
    """The solids from left to right, all around one axis."""
    start = before = 0.0
    for number, volume in enumerate(volumes):
        placed = solid(volume, rules, start, dashed)
        if number and (apart or volume.extent.form is not volumes[number - 1].extent.form):
            placed = placed.moved(before - placed.left, 0)
        elif number and not volume.joined:
            placed = placed.moved(LAYER, 0)
        yield placed
        start = placed.exit.x
        said = start + 1.5 + text_width(volume.extent.sides, SMALL) + 3
        before = max(placed.right + APART, said) if apart else placed.right + LAYER


# --- words -------------------------------------------------------------------------------------------


def _labels(volumes: Sequence[Volume], solids: Sequence[Solid], apart: bool, palette: Palette) -> list[CanvasText]:
    """The sizes: channels below, height and width at the lower right edge, or below where a solid stands there."""
    found: list[CanvasText] = []
    for group in _alike(volumes, apart):
        first, last = solids[group[0]], solids[group[-1]]
        middle = (first.x + last.x + last.width) / 2
        text = CanvasText(str(volumes[group[0]].extent.channels), Point(middle, 0), SMALL, palette.title)
        over = [each for each in solids if each.x < text.left + text.width and text.left < each.x + each.width]
        low = max(each.bottom for each in (first, last, *over)) + PITCH / 2 + 1
        text = text._replace(at=Point(middle, low))
        found.append(_free(text, found))
    low = max(each.bottom for each in solids) + PITCH * 1.5 + 1
    for number in reversed(range(len(volumes))):
        volume, placed = volumes[number], solids[number]
        sides, after = volume.extent.sides, volumes[number + 1].extent.sides if number + 1 < len(volumes) else ""
        if not sides or (sides == after and not apart):
            continue
        at = Point(placed.x + placed.width + placed.across / 2 + 1.5, placed.bottom - placed.up / 2 + SMALL / 2 + 1)
        text = CanvasText(sides, at, SMALL, palette.muted, anchor="start")
        if not apart and any(_covers(other, text) for other in solids[number + 1 :]):
            middle = placed.x + placed.width / 2
            text = CanvasText(volume.extent.short_sides, Point(middle, low), SMALL, palette.muted)
        found.append(_free(text, found))
    return found


def _covers(solid: Solid, text: CanvasText) -> bool:
    """Whether a solid further right stands where a label begins."""
    x = max(text.left, solid.x)
    return x < min(text.left + text.width, solid.right) and text.at.y - HALF < solid.low_at(x)


def _alike(volumes: Sequence[Volume], apart: bool) -> list[list[int]]:
    """The numbers of volumes whose channels are said, those with equal ones in a row together: these are said once."""
    groups: list[list[int]] = []
    for number, volume in enumerate(volumes):
        if volume.slab and len(volumes) > 1 and volume.extent.sides and not apart:
            continue  # it has those of what it was pooled from, and no thickness to show them
        last = groups[-1] if groups and not (apart or volume.joined) else []
        if last and volumes[last[-1]].extent.channels == volume.extent.channels:
            last.append(number)
        else:
            groups.append([number])
    return groups


def _free(text: CanvasText, others: Sequence[CanvasText]) -> CanvasText:
    """The text where it does not touch these: a little aside where that is enough, else further down."""
    for _ in others:
        touched = next((other for other in others if _touch(text, other)), None)
        if touched is None:
            break
        right = text.at.x > touched.at.x or text.anchor == "start"
        edge = touched.left + touched.width + 2 if right else touched.left - text.width - 2
        aside = text._replace(at=text.at.moved(edge - text.left, 0))
        alike = text.anchor == touched.anchor == "start"
        if not alike and abs(edge - text.left) < text.width and not any(_touch(aside, other) for other in others):
            return aside
        text = text._replace(at=Point(text.at.x, touched.at.y + PITCH - 1.5))
    return text


def _touch(one: CanvasText, other: CanvasText) -> bool:
    apart = one.left >= other.left + other.width + 1.5 or other.left >= one.left + one.width + 1.5
    return not apart and abs(one.at.y - other.at.y) < PITCH - 1.5


def _captions(box: Box, palette: Palette, middle: float, width: float) -> Iterator[CanvasText]:
    """The name, how often it stands there, and the counts."""
    lines = list(_caption_lines(box, palette, width))
    for number, (text, size, colour, bold) in enumerate(lines):
        yield CanvasText(text, Point(middle, PITCH * (number + 0.5)), size, colour, bold)


def _caption_lines(box: Box, palette: Palette, width: float) -> Iterator[tuple[str, float, str, bool]]:
    times = f"{SPACE}×{box.times}" if box.times > 1 else ""
    for line in _lines(box.title + times, NAME * 1.06, width):
        yield line, NAME, palette.title, True
    for text in (box.fields, box.aside):
        for line in _lines(text, SMALL, width) if text else ():
            yield line, SMALL, palette.muted, False
    for part in box.counts.split(" · ") if box.style is not Style.PORT else ():
        if part:
            yield part, SMALL, palette.muted, False


def _lines(text: str, size: float, width: float) -> list[str]:
    """The text broken where it may be; where a part is too wide for that, at every space but those before a dot."""
    if any(text_width(word, size) > width for word in text.split(" ")):
        text = _SPACES.sub(" ", text)
    return wrap(text, size, width, lines=LINES)


# --- without solids ----------------------------------------------------------------------------------


def _sign(box: Box, palette: Palette) -> Stand:
    sign = CanvasText(box.title, Point(SIGN, 0), 13, palette.title)
    part = CanvasPart(box.name, "merge", circles=(Circle(Point(SIGN, 0), SIGN, box.dashed),), texts=(sign,))
    above = Point(SIGN, -SIGN)
    return Stand(part, (), 0, 2 * SIGN, -SIGN, SIGN, Point(0, 0), Point(2 * SIGN, 0), (above,))


def _words(box: Box, palette: Palette, wrapped: float) -> Stand:
    """CanvasText alone: an output, or what has no size."""
    lines = list(_caption_lines(replace(box, counts="", aside=""), palette, wrapped))
    width = max(text_width(text, size, bold=bold) for text, size, _, bold in lines) if lines else 0.0
    top = -PITCH * len(lines) / 2
    texts = tuple(
        CanvasText(text, Point(2, top + PITCH * (number + 0.5)), size, colour, bold, "start")
        for number, (text, size, colour, bold) in enumerate(lines)
    )
    part = CanvasPart(box.name, "port", texts=texts)
    above = Point(2 + width / 2, top)
    return Stand(part, (), 0, 4 + width, top, -top, Point(0, 0), Point(4 + width, 0), (above,))
