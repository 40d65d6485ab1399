"""What stands in one scope and what in another, compared: names, ops, wiring and running order.

It is so whatever the scopes become, and compared once for all plans of a graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from archdsl.ir.graph import Node, Scope
from archdsl_torch.planning.crossings import Crossings, Key


@final
class Pairing:
    """Pairs of scopes of one graph."""

    def __init__(self, crossings: Crossings) -> None:
        self.crossings = crossings
        self._known: dict[tuple[Scope, Scope], Pairs] = {}

    def of(self, one: Scope, other: Scope) -> Pairs:
        found = self._known.get((one, other))
        if found is None:
            found = self._known[one, other] = Pairs(self.crossings, one, other)
        return found


@final
class Pairs:
    """What stands in a scope, each with what stands there in another."""

    def __init__(self, crossings: Crossings, one: Scope, other: Scope) -> None:
        self.crossings = crossings
        self.nodes: dict[Node, Node] = {}
        self.scopes = {one: other}
        given = [crossings.imports.get(scope, {}) for scope in (one, other)]
        self.given = dict(zip(*given, strict=False))
        """What each reads from outside."""
        self.alike = (
            len(given[0]) == len(given[1]) == len(self.given)
            and self._add(one, other)
            and self._run_alike()
            and self._read_alike()
        )

    def are(self, ones: Iterable[Key], others: Iterable[Key]) -> bool:
        """Whether these values, as many, are those in the other scope."""
        return all(map(self._is, ones, others))

    def _is(self, one: Key, other: Key) -> bool:
        inside = self.nodes.get(one.node)
        if inside is None:
            return self.given.get(one) == other
        return inside is other.node and one.output == other.output and one.weight == other.weight

    def _add(self, one: Scope, other: Scope) -> bool:
        """Adds what stands in two scopes; False where that is not alike."""
        if not _is_alike_scope(one, other):
            return False
        for a, b in zip(one.children.values(), other.children.values(), strict=True):
            if a.site is not b.site or a.loops != b.loops or a.env is not b.env or a.when is not b.when:
                return False
            if isinstance(a, Node) and isinstance(b, Node):
                self.nodes[a] = b
                alike = self._is_alike_node(a, b)
            elif isinstance(a, Scope) and isinstance(b, Scope):
                self.scopes[a] = b
                alike = self._add(a, b)
            else:
                alike = False
            if not alike:
                return False
        return True

    def _is_alike_node(self, one: Node, other: Node) -> bool:
        lowered, overwriting = self.crossings.lowered, self.crossings.overwriting
        return (
            one.op is other.op
            and one.types == other.types
            and one.init == other.init
            and not (one.tie or other.tie or one.share or other.share)
            and (lowered.get(one) is lowered.get(other) or lowered.get(one) == lowered.get(other))
            and (
                not one.op.can_overwrite()
                or overwriting.activates_in_place(one) == overwriting.activates_in_place(other)
            )
        )

    def _run_alike(self) -> bool:
        order = self.crossings.order
        there = [order[self.nodes[node]] for node in sorted(self.nodes, key=order.__getitem__)]
        return there == sorted(there)

    def _read_alike(self) -> bool:
        read = self.crossings.read
        for one, other in self.nodes.items():
            if len(read[one]) != len(read[other]):
                return False
            for a, b in zip(read[one], read[other], strict=True):
                if not (a is b if a is None or b is None else self._is(a, b)):
                    return False
        return True


def _is_alike_scope(one: Scope, other: Scope) -> bool:
    return (
        one.env is other.env
        and one.share is other.share is None
        and one.scan == other.scan
        and one.definition is other.definition
        and (one.kind, one.block, one.listed) == (other.kind, other.block, other.listed)
        and [*one.children] == [*other.children]
    )
