"""A sweep as a picture: multiply-accumulates against parameters, a mark for each trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from archdsl.drawing.markup import as_text
from archdsl.drawing.metrics import text_width
from archdsl.drawing.svg import finish
from archdsl.figure.palette import PAPER
from archdsl.sweeping.axis import Axis
from archdsl.text.alike import same
from archdsl.text.spelled import excerpt, spelled

if TYPE_CHECKING:
    from archdsl.sweeping.sweep import Sweep
    from archdsl.sweeping.trials import Trial

_WIDTH, _HEIGHT = 720, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 24, 52, 60
_FONT, _SMALL = 12, 10
_MARK: Final = 4.5
_COLOURS: Final = ("conv", "activation", "pool", "attention", "linear", "embedding", "norm", "reshape")
"""Whose borders tell series apart, with the shapes of their marks."""
_SERIES: Final = len(_COLOURS)
_SHAPES: Final = (
    "M {x} {y} m -1 0 a 1 1 0 1 0 2 0 a 1 1 0 1 0 -2 0 z",
    "M {x} {y} m -1 -1 h 2 v 2 h -2 z",
    "M {x} {y} m 0 -1.2 l 1.1 2 h -2.2 z",
    "M {x} {y} m 0 -1.3 l 1.3 1.3 l -1.3 1.3 l -1.3 -1.3 z",
)


class _Mark(NamedTuple):
    """A trial in the picture."""

    x: float
    y: float
    series: int
    trial: Trial


def plotted(sweep: Sweep) -> str:
    """The plot as SVG text; trials with mistakes are not in it.

    Where two parameters or more are swept, the first one's values are series, with colours and marks of their own.
    """
    trials = [trial for trial in sweep if trial.graph is not None]
    named = _series(sweep)
    right = _WIDTH - _RIGHT - (_legend_width(sweep.params[0], named) if named else 0)
    across = Axis([trial.parameters or 0 for trial in trials] or [0], _LEFT, right)
    up = Axis([trial.macs or 0 for trial in trials] or [0], _HEIGHT - _BOTTOM, _TOP)
    marks = [
        _Mark(across.place(trial.parameters or 0), up.place(trial.macs or 0), _number(trial, named), trial)
        for trial in trials
    ]
    parts = [
        *_frame(sweep.name, across, up, right),
        *_lines(marks),
        *map(_mark, marks),
        *_labels(marks, right, len(sweep.params) > 1),
        *_legend(sweep.params[0], named, right),
    ]
    size = f'width="{_WIDTH}pt" height="{_HEIGHT}pt" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    ground = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{PAPER.ground}"/>'
    return finish("\n".join([head, ground, *parts, "</svg>", ""]), f"{sweep.name}: MACs against parameters")


def _series(sweep: Sweep) -> list[Any]:
    """The values of the first parameter, where others are swept and colours suffice."""
    found: list[Any] = []
    for trial in sweep:
        value = next(iter(trial.params.values()))
        if not any(same(value, other) for other in found):
            found.append(value)
    return found if len(sweep.params) > 1 and len(found) <= _SERIES else []


def _number(trial: Trial, named: Sequence[Any]) -> int:
    value = next(iter(trial.params.values()))
    return next((number for number, other in enumerate(named) if same(value, other)), 0)


def _frame(name: str, across: Axis, up: Axis, right: float) -> Iterator[str]:
    """The title, the axes, and thin lines at their ticks."""
    bottom = _HEIGHT - _BOTTOM
    yield _text(_LEFT, _TOP - 24, name, _FONT + 2, PAPER.title, bold=True)
    for tick in up.ticks:
        y = up.place(tick)
        yield _line(_LEFT, y, right, y)
        yield _text(_LEFT - 8, y + 4, up.label(tick), _SMALL, PAPER.muted, anchor="end")
    for tick in across.ticks:
        x = across.place(tick)
        yield _line(x, bottom, x, _TOP)
        yield _text(x, bottom + 16, across.label(tick), _SMALL, PAPER.muted, anchor="middle")
    yield _text((_LEFT + right) / 2, _HEIGHT - 20, "parameters", _FONT, PAPER.title, anchor="middle")
    turned = f'transform="rotate(-90 20 {(_TOP + bottom) / 2:.1f})"'
    yield _text(20, (_TOP + bottom) / 2, "multiply-accumulates", _FONT, PAPER.title, anchor="middle", more=turned)


def _lines(marks: Sequence[_Mark]) -> Iterator[str]:
    """A line through the marks of each series, in the order of the trials."""
    for series in sorted({mark.series for mark in marks}):
        points = [f"{mark.x:.2f},{mark.y:.2f}" for mark in marks if mark.series == series]
        colour = _colour(series)
        yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-opacity="0.35"/>'


def _mark(mark: _Mark) -> str:
    """The mark, which tells all about its trial where the pointer rests on it."""
    about = ", ".join(_setting(*each) for each in mark.trial.params.items())
    cost = f"{mark.trial.parameters:,} parameters, {mark.trial.macs:,} MACs"
    title = f"<title>{as_text(f'{about}: {cost}')}</title>"
    return f"<g>{title}{_shape(mark.x, mark.y, mark.series)}</g>"


def _shape(x: float, y: float, series: int) -> str:
    path = _SHAPES[series % len(_SHAPES)].format(x=0, y=0)
    place = f"translate({x:.2f} {y:.2f}) scale({_MARK})"
    return f'<path d="{path}" transform="{place}" fill="{_colour(series)}"/>'


def _labels(marks: Sequence[_Mark], right: float, several: bool) -> Iterator[str]:
    """What sets a trial apart from those of its series, beside its mark; left out where it would cover others."""
    taken = [(mark.x - _MARK, mark.y - _MARK, mark.x + _MARK, mark.y + _MARK) for mark in marks]
    for mark in marks:
        items = [*mark.trial.params.items()][1 if several else 0 :]
        text = ", ".join(_setting(*each) for each in items)
        width = text_width(text, _SMALL)
        for x, y in ((mark.x + 8, mark.y + 4), (mark.x - 8 - width, mark.y + 4), (mark.x - width / 2, mark.y - 9),
                     (mark.x - width / 2, mark.y + 17)):  # fmt: skip
            box = (x, y - _SMALL, x + width, y + 3)
            inside = box[0] >= _LEFT and box[2] <= right and box[1] >= _TOP - 8
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                yield _text(x, y, text, _SMALL, PAPER.muted)
                break


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _legend(name: str, named: Sequence[Any], right: float) -> Iterator[str]:
    for number, value in enumerate(named):
        y = _TOP + 8 + 20 * number
        yield _shape(right + 24, y, number)
        yield _text(right + 34, y + 4, _setting(name, value), _FONT - 1, PAPER.title)


def _legend_width(name: str, named: Sequence[Any]) -> float:
    return 44 + max(text_width(_setting(name, value), _FONT - 1) for value in named)


def _setting(name: str, value: Any) -> str:
    return f"{excerpt(name)} = {excerpt(spelled(value))}"


def _colour(series: int) -> str:
    return PAPER.paints[_COLOURS[series]].border


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M {x1:.2f} {y1:.2f} L {x2:.2f} {y2:.2f}" stroke="{PAPER.panel_line}" stroke-width="0.6"/>'


def _text(
    x: float, y: float, text: str, size: int, colour: str, *, anchor: str = "start", bold: bool = False, more: str = ""
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    attributes = f'text-anchor="{anchor}" x="{x:.2f}" y="{y:.2f}" font-size="{size}"{weight} fill="{colour}"'
    return f"<text {attributes}{more and ' '}{more}>{as_text(text)}</text>"
