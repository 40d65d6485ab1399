"""Which blocks a network is made of: one of each structure, whatever its sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from archdsl.figure.differences import child_name
from archdsl.figure.elements import Element, Grain, elements_of
from archdsl.figure.flow import Flow, is_silent
from archdsl.figure.repeats import nodes_of
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ir.scopes import scopes_around

MOST = 12
"""A sheet has no more panels than this."""
TOLD = 3
"""So many ops of a chain need no panel: two layers and what is between them."""
LISTED = 6
"""Nor do so many layers, of which each follows the one before."""
SAID = 2
"""The most parts that tell a variant."""


class Distinct(NamedTuple):
    """A block, for all of its structure."""

    scope: Scope
    """The first of them."""
    level: int
    """How many blocks of the figure are around it; 0 for those of the overview."""
    alike: int
    """How many others have this structure."""
    variant: str = ""
    """What tells it from other structures of the same block."""


def distinct_blocks(graph: Graph, without: Iterable[Scope] = ()) -> list[Distinct]:
    """One block of each structure: in running order, each followed by those in it.

    Two blocks have the same structure where they are instances of one block of the spec with the same ops and
    blocks in the same order: what is inside of those is told in its own place. Sizes do not count, nor how
    often a block repeats. Where they are more than a sheet has room for, the deepest are left out. What the
    network consists of entirely is not one of them, and neither are those of the structure of one in `without`.
    """
    finder = _Finder(graph, set(without))
    finder.add(finder.root, 0)
    found = [
        Distinct(scope, level, finder.count[key] - 1)
        for key, (scope, level) in finder.found.items()
        if key not in finder.closed
    ]
    kept = sorted(found, key=lambda each: each.level)[:MOST]
    return [each._replace(variant=_variant(each, found)) for each in found if each in kept]


def _variant(one: Distinct, found: Sequence[Distinct]) -> str:
    """`with downsample`, `without skip`: what tells it from the others that are instances of its block."""
    same = [_children(each.scope) for each in found if each.scope.block == one.scope.block]
    everywhere = set.intersection(*map(set, same))
    own = _children(one.scope)
    extra = [name for name in own if name not in everywhere]
    missing = [name for name in dict.fromkeys(name for each in same for name in each) if name not in own]
    word, names = ("with", extra) if extra else ("without", missing)
    return f"{word} {' and '.join(names)}".replace("_", " ") if 0 < len(names) <= SAID else ""


def _children(scope: Scope) -> dict[str, None]:
    """The names of what is in a block; numbers tell nothing."""
    return {
        child_name(name, item): None
        for name, item in scope.children.items()
        if not (name.isdigit() or (isinstance(item, Node) and is_silent(item)))
    }


class _Finder:
    def __init__(self, graph: Graph, without: set[Scope]) -> None:
        self._flow = Flow(graph)
        self.root = self._top(graph.root)
        self._without = without
        self.closed: set[Any] = set()
        """The structures of blocks in `without`."""
        self.found: dict[Any, tuple[Scope, int]] = {}
        self.count: dict[Any, int] = {}

    def _top(self, root: Scope) -> Scope:
        """The scope whose content the overview shows."""
        inner = elements_of(self._flow, root)
        only = inner[0].scope if len(inner) == 1 and inner[0].is_block else None
        return root if only is None or only.scan is not None else self._top(only)

    def add(self, scope: Scope, level: int) -> None:
        for element in self._blocks(scope):
            scope = _scope(element)
            key = self._key(element)
            self.count[key] = self.count.get(key, 0) + 1
            if self._is_closed(scope):
                self.closed.add(key)
                continue
            self.found.setdefault(key, (scope, level))
            self.add(scope, level + 1)

    def _is_closed(self, scope: Scope) -> bool:
        """Whether it, or a list or group that it stands in, is in `without`."""
        return not self._without.isdisjoint((scope, *scopes_around(scope)))

    def _blocks(self, scope: Scope) -> Iterator[Element]:
        """The blocks in it that want a panel; in the overview also a graph of ops that is no block of the spec."""
        grain = Grain.USUAL if scope is self.root else Grain.FINE
        found = elements_of(self._flow, scope, grain)
        return (element for element in found if element.is_block and not self._is_told(element))

    def _is_told(self, element: Element) -> bool:
        """Whether a card says all of it in its line: layers one after another, or two and what is between them."""
        inner = elements_of(self._flow, _scope(element), Grain.FINE)
        is_short = len(inner) <= TOLD or (len(inner) <= LISTED and all(each.mains for each in inner))
        return is_short and not any(each.is_block for each in inner) and self._flow.is_chain(element.moving)

    def _key(self, element: Element) -> Any:
        """What a panel shows of the block, without its sizes: its ops and blocks, and who of them reads whom."""
        inner = elements_of(self._flow, _scope(element), Grain.FINE)
        groups = list(_repeats_joined(inner))
        place = {node: i for i, group in enumerate(groups) for each in group for node in each.nodes}
        reads = [self._flow.read_from_outside(nodes_of(group)) for group in groups]
        wired = tuple(tuple(sorted({place.get(node, -1) for node in nodes})) for nodes in reads)
        return _name(element), tuple(_named(group[0]) for group in groups), wired


def _repeats_joined(inner: Iterable[Element]) -> Iterator[list[Element]]:
    """The elements, blocks of one name that follow each other together."""
    for is_repeat, group in groupby(inner, lambda element: element.is_block and _name(element)):
        if is_repeat:
            yield list(group)
        else:
            yield from ([element] for element in group)


def _named(element: Element) -> Any:
    return _name(element) if element.is_block else tuple(node.op.name for node in element.moving)


def _name(element: Element) -> str:
    scope = _scope(element)
    return scope.block or scope.name


def _scope(element: Element) -> Scope:
    assert element.scope is not None, "a block is a scope"
    return element.scope
