"""Which blocks a figure opens: by depth, and those that the user names."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import groupby, takewhile

from archdsl.figure.elements import Element
from archdsl.figure.errors import DrawingError
from archdsl.figure.paths import block_at
from archdsl.figure.repeats import RepeatTurn, Run
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Scope
from archdsl.ir.scopes import scopes_around


class Shown(Enum):
    """How an element is shown."""

    CLOSED = "one box, with its equals"
    OPEN = "a panel, with its equals"
    ALONE = "a panel or a box of its own"


class Opening:
    """Says how the elements of a graph are shown in a view."""

    def __init__(self, graph: Graph, view: View, within: Scope | None) -> None:
        """Raises DrawingError where the view names what is no block, or no block of the scope that is drawn."""
        for path in (*view.expand, *view.collapse):
            scope = block_at(graph, path)
            if within is not None and not _is_at(scope.path, within.path):
                raise DrawingError(f"`{path}` is not in `{within.path}`, which is all that is drawn")
        self._expand = view.expand
        self._collapse = view.collapse

    def parts(self, run: Run, base: Scope, depth: int) -> Iterator[tuple[Run, Shown]]:
        """The run in stretches that are shown alike, each with how; `depth` levels of `base` are open."""
        for shown, stretch in groupby(run.turns, lambda turn: self._of_turn(turn, base, depth)):
            turns = tuple(stretch)
            if shown is Shown.CLOSED or (shown is not None and not run.abreast):
                yield Run(turns, run.abreast and len(turns) > 1), shown
                continue
            for turn in turns:
                for how, elements in groupby(turn, lambda element: self._of(element, base, depth)):
                    if how is Shown.ALONE:
                        yield from ((Run(((element,),)), how) for element in elements)
                    else:
                        yield Run((tuple(elements),)), how

    def is_collapsed(self, scope: Scope) -> bool:
        """Whether the user wants it closed."""
        return any(_is_at(scope.path, path) for path in self._collapse)

    def _of_turn(self, turn: RepeatTurn, base: Scope, depth: int) -> Shown | None:
        """How all of a turn is shown; None where its elements are shown in different ways."""
        found = {self._of(element, base, depth) for element in turn}
        blocks = {self._of(element, base, depth) for element in turn if element.is_block}
        if Shown.ALONE in found or len(blocks) > 1:
            return None
        return blocks.pop() if blocks else Shown.CLOSED

    def _of(self, element: Element, base: Scope, depth: int) -> Shown:
        scope = element.scope
        if scope is not None and self.is_collapsed(scope):
            return Shown.CLOSED
        if scope is not None and any(_is_at(path, scope.path) for path in self._expand):
            return Shown.ALONE
        if self._is_listed(element, base):
            return Shown.OPEN if element.is_block else Shown.ALONE
        return Shown.OPEN if element.is_block and depth > 1 else Shown.CLOSED

    def _is_listed(self, element: Element, base: Scope) -> bool:
        """Whether a list or group of blocks is to be opened that the element stands in directly."""
        around = takewhile(lambda scope: scope is not base, scopes_around(element.scope or element.moving[0]))
        return any(scope.path in self._expand for scope in around)


def _is_at(path: str, place: str) -> bool:
    """Whether a path leads to a place or below it."""
    return path == place or path.startswith(f"{place}.")
