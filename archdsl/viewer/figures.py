"""The figures of a network's modules, equal ones once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Final

from archdsl.drawing.dot import dot_source
from archdsl.drawing.painting import painted
from archdsl.figure.errors import TooLargeError
from archdsl.figure.figure import Figure
from archdsl.figure.flow import Flow
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Scope
from archdsl.viewer.compact import compact
from archdsl.words.quantities import SPACE

BATCH: Final = 24
"""Figures that one Graphviz draws; where one of them is too large, each is tried alone."""
PATIENCE: Final = 60.0
"""Seconds after which the figures that are not drawn yet are left out."""

Drawn = MutableMapping[str, "str | None"]
"""SVG by DOT text; None for what cannot be drawn."""


class Figures:
    """Draws the overview and the figures of scopes."""

    def __init__(self, graph: Graph, firsts: Mapping[int, Scope], root: int, drawn: Drawn) -> None:
        """`firsts` has a scope for each record; `drawn` keeps what this network needs, for the next time.

        Raises DrawingError where the overview cannot be drawn.
        """
        self.shown: list[dict[str, Any]] = []
        """Each figure's SVG, and what its boxes hold where that is more than what they are named after."""
        self.of: dict[int, int] = {}
        """The figure of each record that has one."""
        self.left_out: list[str] = []
        """Scopes, one of each kind, whose figures took too long."""
        plans = dict(_plans(graph, firsts, root))
        texts = {number: dot_source(figure) for number, figure in plans.items()}
        _draw({texts[number]: figure for number, figure in plans.items()}, drawn)
        if drawn.get(texts[root]) is None:
            raise TooLargeError("the overview cannot be laid out in time")
        places: dict[tuple[str, str], int] = {}
        for number, text in texts.items():
            svg = drawn.get(text)
            if svg is None:
                self.left_out.append(firsts[number].path)
                continue
            holds = _holds(plans[number])
            place = text, repr(holds)
            if place not in places:
                places[place] = len(self.shown)
                self.shown.append({"svg": svg, "holds": holds})
            self.of[number] = places[place]


def _plans(graph: Graph, firsts: Mapping[int, Scope], root: int) -> Iterator[tuple[int, Figure]]:
    """The overview, then the figures of scopes, the outer ones first; a scope without a box has none."""
    view = View(depth=1)
    flow = Flow(graph, view=view)
    yield root, _untitled(outline(graph, view, flow=flow))
    for number, scope in sorted(firsts.items(), key=lambda pair: pair[1].path.count(".")):
        if number == root:
            continue
        figure = outline(graph, view, scope=scope, flow=flow)
        if any(box.holds for box in figure.boxes()):
            yield number, _from_inside(_untitled(figure), scope.path)


def _untitled(figure: Figure) -> Figure:
    """The page says the title itself."""
    return replace(figure, name="figure", title=SPACE, counts="")


def _draw(figures: Mapping[str, Figure], drawn: Drawn) -> None:
    """Draws what is not drawn yet, as far as the time goes. Raises DrawingError."""
    end = time.monotonic() + PATIENCE
    for text in drawn.keys() - figures.keys():
        del drawn[text]
    wanted = [text for text in figures if text not in drawn]
    for start in range(0, len(wanted), BATCH):
        if start and time.monotonic() > end:
            return
        batch = wanted[start : start + BATCH]
        try:
            drawn.update(zip(batch, _svgs([figures[text] for text in batch]), strict=True))
        except TooLargeError:
            drawn.update({text: _alone(figures[text], end) for text in batch})


def _alone(figure: Figure, end: float) -> str | None:
    """Of several figures that were too much at once, one; None where it alone is too much, or the time is up."""
    if time.monotonic() > end:
        return None
    try:
        return _svgs([figure])[0]
    except TooLargeError:
        return None


def _svgs(figures: Sequence[Figure]) -> list[str]:
    return [compact(data.decode()) for data in painted(figures, "svg")]


def _holds(figure: Figure) -> dict[str, list[str]]:
    """By box, what it stands for, where that is not itself alone."""
    return {box.name: list(box.holds) for box in figure.boxes() if box.holds not in ((), (box.name,))}


def _from_inside(figure: Figure, path: str) -> Figure:
    """The figure of the scope at `path` with names as they are seen from inside it."""
    outside = re.compile(rf"(?<![\w.]){re.escape(path)}(?:\.|(?![\w.]))")

    return figure.renamed(lambda old: outside.sub("", old))
