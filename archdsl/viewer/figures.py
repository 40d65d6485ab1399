"""The figures of a network's modules, equal ones once."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Final

from archdsl.drawing.digits import form_of
from archdsl.drawing.painting import laid_out
from archdsl.drawing.process import one_process
from archdsl.figure.colours import coloured
from archdsl.figure.errors import TooLargeError
from archdsl.figure.figure import Figure
from archdsl.figure.flow import Flow
from archdsl.figure.grouping import as_asked
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Scope
from archdsl.viewer.drawn import DrawnFigure, drawn

BATCH: Final = 24
"""Layouts that one Graphviz makes; where one of them is too large, each figure is tried alone."""
PATIENCE: Final = 60.0
"""Seconds after which the figures that are not drawn yet are left out."""

Drawn = MutableMapping[Figure, "DrawnFigure | None"]
"""What the page draws of figures; None for what cannot be laid out."""


class Figures:
    """Draws the overview and the figures of scopes."""

    def __init__(self, graph: Graph, firsts: Mapping[int, Scope], root: int, known: Drawn, view: View) -> None:
        """`firsts` has a scope for each record; `known` keeps what this network needs, for the next time.

        Raises DrawingError where the overview cannot be drawn.
        """
        self.shown: list[dict[str, Any]] = []
        """Each figure, and what its boxes hold where that is more than what they are named after."""
        self.of: dict[int, int] = {}
        """The figure of each record that has one."""
        self.left_out: list[str] = []
        """Scopes, one of each kind, whose figures took too long."""
        plans = dict(_plans(graph, firsts, root, view))
        if view.colour_by != "op" or view.legend or view.theme.legend:
            plans = dict(zip(plans, coloured(graph, list(plans.values()), view), strict=True))
        self.legend = plans[root].legend
        with one_process():
            _draw(plans.values(), known)
        if known.get(plans[root]) is None:
            raise TooLargeError("the overview cannot be laid out in time")
        places: dict[Figure, int] = {}
        for number, figure in plans.items():
            shown = known.get(figure)
            if shown is None:
                self.left_out.append(firsts[number].path)
                continue
            if figure not in places:
                places[figure] = len(self.shown)
                self.shown.append({**shown, "holds": _holds(figure)})
            self.of[number] = places[figure]


def _plans(graph: Graph, firsts: Mapping[int, Scope], root: int, view: View) -> Iterator[tuple[int, Figure]]:
    """The overview, then the figures of scopes, the outer ones first; a scope without a box has none."""
    view = replace(view, depth=1, terraced=False)  # a box of several levels' blocks is none that a click opens
    flow = as_asked(Flow(graph, view=view))
    yield root, _untitled(outline(graph, view, flow=flow))
    for number, scope in sorted(firsts.items(), key=lambda pair: pair[1].path.count(".")):
        if number == root:
            continue
        figure = outline(graph, view, scope=scope, flow=flow)
        if any(box.holds for box in figure.boxes()):
            yield number, _from_inside(_untitled(figure), scope.path)


def _untitled(figure: Figure) -> Figure:
    """The page says the title itself."""
    return replace(figure, name="figure", title="", counts="")


def _draw(figures: Collection[Figure], known: Drawn) -> None:
    """Draws what is not drawn yet, as far as the time goes. Raises DrawingError."""
    end = time.monotonic() + PATIENCE
    for figure in known.keys() - set(figures):
        del known[figure]
    for batch in _batches(figure for figure in figures if figure not in known):
        if known and time.monotonic() > end:
            return
        try:
            known.update(zip(batch, _drawn(batch), strict=True))
        except TooLargeError:
            known.update({figure: _alone(figure, end) for figure in batch})


def _batches(figures: Iterable[Figure]) -> Iterator[list[Figure]]:
    """The figures in their order, but those with one layout together."""
    forms: dict[str, list[Figure]] = {}
    for figure in figures:
        forms.setdefault(form_of(figure), []).append(figure)
    layouts = list(forms.values())
    for start in range(0, len(layouts), BATCH):
        yield [figure for alike in layouts[start : start + BATCH] for figure in alike]


def _alone(figure: Figure, end: float) -> DrawnFigure | None:
    """Of several figures that were too much at once, one; None where it alone is too much, or the time is up."""
    if time.monotonic() > end:
        return None
    try:
        return _drawn([figure])[0]
    except TooLargeError:
        return None


def _drawn(figures: Sequence[Figure]) -> list[DrawnFigure]:
    return [drawn(part) for part in laid_out(figures)]


def _holds(figure: Figure) -> dict[str, list[str]]:
    """By box, what it stands for, where that is not itself alone."""
    return {box.name: list(box.holds) for box in figure.boxes() if box.holds not in ((), (box.name,))}


def _from_inside(figure: Figure, path: str) -> Figure:
    """The figure of the scope at `path` with names as they are seen from inside it."""
    outside = re.compile(rf"(?<![\w.]){re.escape(path)}(?:\.|(?![\w.]))")

    return figure.renamed(lambda old: outside.sub("", old))
