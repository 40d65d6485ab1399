"""The features of a backbone: what a head reads of it, from fine to coarse.

Where a spec or a caller says them, those are they. Else they are found, as the last value of each level that all of
the network passes on its way from the image to the output. A scope that changes the level once at most is taken as one
thing: what is made in it, such as the wide value in the middle of a bottleneck, is no feature. What comes after the
coarsest level is a decoder, and no level of the backbone.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple, final

from archdsl.ir.graph import Graph, Mode, Node, Scope, ScopeKind, Value
from archdsl.ir.needed import needed
from archdsl.ir.scopes import scopes_around
from archdsl.ir.selection.levels import Level, MadeKey, key_of, levels
from archdsl.shapes import Dim

ALWAYS: Final = 2**62
"""When an output is read last."""


class Feature(NamedTuple):
    """One of the values that a head reads."""

    name: str
    """Of the output, where features are asked for."""
    path: str
    """As it was asked for, or of the outermost block that gives it."""
    channels: Dim
    reduction: int | Fraction | None
    """How many places of the image one of its own stands for, along each axis; None for what is no map of an image."""
    value: Value


class _Cut(NamedTuple):
    """A value through which all goes that the output sees of the image."""

    value: Value
    level: Level


def features_of(graph: Graph) -> tuple[Feature, ...]:
    """The features, from the finest to the coarsest; those that are said in the order in which they are."""
    maps, last = levels(graph)
    chain = _Chain(_cuts(graph, maps, {*last}))
    if graph.root.features:
        return tuple(
            _said(name, graph.chosen.get(name) or chain.path(value), value, maps)
            for name, value in graph.root.features.items()
        )
    found: dict[Fraction, tuple[str, Value, Level]] = {}
    for cut in chain.cuts:
        if found and cut.level.reduction < max(found):
            break
        if not chain.is_inside_one(cut):
            found[cut.level.reduction] = (chain.path(cut.value), cut.value, cut.level)
    return tuple(
        Feature(path, path, value.type.shape[level.channels], _whole(reduction), value)
        for reduction, (path, value, level) in found.items()
    )


def _said(name: str, path: str, value: Value, maps: Mapping[MadeKey, Level]) -> Feature:
    level = maps.get(key_of(value)) if value.weight is None else None
    shape = value.type.shape
    if level is None:
        return Feature(name, path, shape[-1] if shape else 1, None, value)
    return Feature(name, path, shape[level.channels], _whole(level.reduction), value)


def _whole(number: Fraction) -> int | Fraction:
    return int(number) if number.denominator == 1 else number


def _gives(scope: Scope, value: Value) -> bool:
    """Whether a value is all that a scope gives."""
    return value.weight is None and [key_of(each) for each in scope.outputs.values()] == [key_of(value)]


# --- where all goes through one value -------------------------------------------------------------


def _cuts(graph: Graph, maps: Mapping[MadeKey, Level], reached: set[MadeKey]) -> list[_Cut]:
    """The maps beside which nothing that comes of the image is read later, in running order."""
    used = needed(graph.outputs.values(), graph.nodes)
    nodes = [node for node in graph.nodes if node in used and node.when is not Mode.TRAINING]
    ends = _last_reads(graph, nodes)
    until = 0
    """When the last one of the values so far, but for the one at hand, is read last."""
    found: list[_Cut] = []
    for place, node in enumerate(nodes):
        own = [(node, output) for output in range(len(node.types)) if ends.get((node, output), -1) > place]
        if len(own) == 1 and until <= place and own[0] in maps:
            output = own[0][1]
            found.append(_Cut(Value(node, output, node.types[output]), maps[own[0]]))
        until = max([until, *(ends[key] for key in own if key in reached)])
    return found


def _last_reads(graph: Graph, nodes: list[Node]) -> dict[MadeKey, int]:
    """When each value is read last, by the place of the node that does."""
    ends: dict[MadeKey, int] = {}
    for place, node in enumerate(nodes):
        ends |= {key_of(value): place for value in node.inputs if value is not None and value.weight is None}
    return ends | {key_of(value): ALWAYS for value in graph.outputs.values()}


@final
class _Chain:
    """The cuts, with what the scopes around them do to the image."""

    def __init__(self, cuts: list[_Cut]) -> None:
        self.cuts = cuts
        self._levels: dict[Scope, set[Fraction]] = {}
        """Those of what comes into a scope, and of what it makes."""
        before = Fraction(1)
        for cut in cuts:
            for scope in scopes_around(cut.value.node):
                self._levels.setdefault(scope, {before}).add(cut.level.reduction)
            before = cut.level.reduction

    def is_inside_one(self, cut: _Cut) -> bool:
        """Whether a value stands in a scope that is one thing, and is not what that gives."""
        return any(self._is_one(scope) and not _gives(scope, cut.value) for scope in scopes_around(cut.value.node))

    def path(self, value: Value) -> str:
        """The path of the outermost scope that is one thing and gives the value; its own, where none does."""
        found = value.name
        for scope in scopes_around(value.node):
            if not self._is_one(scope) or not _gives(scope, value):
                break
            found = scope.path
        return found

    def _is_one(self, scope: Scope) -> bool:
        return scope.kind not in (ScopeKind.NETWORK, ScopeKind.CONTAINER) and len(self._levels.get(scope, ())) in (1, 2)
