"""Paths: how a node in a scope reads a value. All that decides on the names in a `from` or a formula stands here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Final, final

from archdsl.ir.graph import Graph, Node, Scope
from archdsl.text.names import reads_in_formula
from archdsl.unparsing.draft import DraftItem, DraftNode, DraftScope, DraftValue, meant

INPUT: Final = "input"
"""What came into the innermost scope is called so."""
_LITERALS: Final = frozenset(("true", "false", "null", "pi", "inf"))
"""What a formula reads otherwise."""


@final
class Pathfinder:
    """The names of a draft's values, and other names for those that cannot be read by their own."""

    def __init__(self, graph: Graph, root: DraftScope) -> None:
        self._inputs = {node: name for name, node in graph.inputs.items()}
        self.place: dict[Node | Scope, DraftItem] = {root.item: root}
        self._heads: dict[DraftScope, frozenset[str]] = {}
        self._index(root)
        self.aliases = defaultdict[DraftScope, dict[str, DraftValue]](dict)
        """By scope, as far as it has been written: other names of what cannot be read by its own."""
        self._called: dict[tuple[DraftScope, DraftValue, str], str] = {}
        self._taken = {head for heads in self._heads.values() for head in heads} | {*graph.inputs}

    def _index(self, scope: DraftScope) -> None:
        self._heads[scope] = frozenset(child.name.partition(".")[0] for child in scope.children)
        for child in scope.children:
            self.place[child.item] = child
            if isinstance(child, DraftScope):
                self._index(child)

    def is_networks(self, node: Node) -> bool:
        """Whether a node is written with the network's, and not in a block."""
        holder = self.place[node].holder
        return holder is not None and not any(scope.is_block for scope in _around(holder))

    def is_free(self, name: str) -> bool:
        """Whether nothing is called so."""
        return name not in self._taken

    def path(self, value: DraftValue, scope: DraftScope, given: DraftValue | None) -> str:
        """How a node in a scope, into which `given` came, reads a value."""
        around = [*_around(scope)]
        top = around[-1]
        if value == given and self._has_input(around):
            return INPUT
        port = self._port(value, top)
        if port is not None:
            return port if scope is top else self._port_across(value, port, around)
        steps = self._steps(value, around)
        common = steps[-1].holder
        assert common is not None
        head = steps[-1].name.partition(".")[0]
        between = around[: around.index(common)]
        if any(head in self._heads[inner] for inner in between) or (between and head == INPUT):
            return self._alias(value, common, "outer")
        return self._downwards(steps[::-1], value)

    def operand(self, value: DraftValue, scope: DraftScope, given: DraftValue | None) -> str:
        """The same in a formula, where `0` is a number and `norm-1` a difference: by another name there."""
        path = self.path(value, scope, given)
        return path if reads_in_formula(path) and path not in _LITERALS else self._alias(value, scope, "value")

    def again(self, value: DraftValue, scope: DraftScope, time: int) -> str:
        """A name for a value that a formula reads as if it were several."""
        return self._alias(value, scope, f"again_{time}")

    def module(self, item: Node | Scope, scope: DraftScope) -> str:
        """The path of a node or scope that stands before another."""
        around = [*_around(scope)]
        steps: list[DraftItem] = [self.place[item]]
        while steps[-1].holder not in around:
            steps.append(_held(steps[-1]))
        return ".".join(step.name for step in reversed(steps))

    def _has_input(self, around: list[DraftScope]) -> bool:
        """Whether `input` is what came into the innermost scope: a nested one, with nothing else called so in sight."""
        top = around[-1]
        ports = self._inputs.values() if top.ports is None else top.ports.values()
        return len(around) > 1 and INPUT not in ports and not any(INPUT in self._heads[each] for each in around)

    def _port(self, value: DraftValue, top: DraftScope) -> str | None:
        if top.ports is not None:
            return top.ports.get(value)
        return self._inputs.get(value.node)

    def _port_across(self, value: DraftValue, port: str, around: list[DraftScope]) -> str:
        """A port of the block around, read in a scope in it: the first is taken for what came into that scope."""
        top = around[-1]
        first = next(iter(top.ports.values() if top.ports is not None else self._inputs.values()))
        hidden = any(port in self._heads[inner] for inner in around)
        return self._alias(value, top, "outer") if hidden or port in (first, "x", INPUT) else port

    def _steps(self, value: DraftValue, around: list[DraftScope]) -> list[DraftItem]:
        """What makes the value and the scopes that hold it, up to one that is around the reader."""
        steps: list[DraftItem] = [self.place.get(value.node) or self.place[_of(value.node)]]
        while steps[-1].holder not in around:
            steps.append(_held(steps[-1]))
        return steps

    def _downwards(self, steps: list[DraftItem], value: DraftValue) -> str:
        """The names on the way into scopes, up to the first that gives the value."""
        names: list[str] = []
        for step in steps:
            names.append(step.name)
            if value.weight is None and value in step.outputs():
                break
        return ".".join((*names, *self._output(steps[-1], value)))

    def _output(self, maker: DraftItem, value: DraftValue) -> tuple[str, ...]:
        """Which of the outputs of a node or of a loop over time a value is, where that has to be said."""
        if value.weight is not None:
            return (value.weight,) if value.weight else ()
        if isinstance(maker, DraftScope) and maker.loop is not None:
            return (next(name for name, made in maker.loop.outputs.items() if made == value),)
        names = value.node.output_names
        return (names[value.output],) if len(names) > 1 else ()

    def _alias(self, value: DraftValue, scope: DraftScope, base: str) -> str:
        """The other name of a value in a scope: one that no scope has for anything else."""
        key = scope, value, base
        if key not in self._called:
            self._called[key] = name = next(n for k in count() if (n := f"{base}_{k}") not in self._taken)
            self._taken.add(name)
        self.aliases[scope].setdefault(self._called[key], value)
        return self._called[key]


def entering(scope: DraftScope) -> list[DraftValue]:
    """What the nodes of a scope read from around it, each once, in running order."""
    return [*dict.fromkeys(value for value in reads(scope) if not _made_in(value, scope))]


def reads(scope: DraftScope) -> Iterator[DraftValue]:
    """All that is read in a scope, in running order."""
    for child in scope.children:
        if isinstance(child, DraftNode):
            yield from reads_of(child.item)
            continue
        if child.loop is not None:
            yield from child.loop.over.values()
            yield from child.loop.carry.values()
        yield from (value for value in reads(child) if not _made_in(value, child))


def reads_of(node: Node) -> Iterator[DraftValue]:
    """What a node reads, and the tensors of others that it takes for its own."""
    yield from (meant(value) for value in node.inputs if value is not None)
    yield from map(meant, node.tie.values())


def _made_in(value: DraftValue, scope: DraftScope) -> bool:
    holder = value.node.scope
    while holder is not None and holder is not scope.item:
        holder = holder.scope
    return holder is not None


def _around(scope: DraftScope) -> Iterator[DraftScope]:
    """The scope and those around it whose names it sees, innermost first."""
    yield scope
    while not scope.is_block and scope.holder is not None:
        scope = scope.holder
        yield scope


def _held(item: DraftItem) -> DraftScope:
    assert item.holder is not None
    return item.holder


def _of(node: Node) -> Scope:
    assert node.scope is not None
    return node.scope
