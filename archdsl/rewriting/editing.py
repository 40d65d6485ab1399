"""A graph in which nodes are put in the place of others: the first stays as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeAlias, final

from archdsl.ir.graph import Env, Graph, Item, Node, Scope, Value
from archdsl.ir.scopes import scopes_around, scopes_of
from archdsl.ir.selection.copying import Copying
from archdsl.ops.apply import apply
from archdsl.ops.base import Op

_Key: TypeAlias = tuple[Node, int, str | None]
"""A value, as equal ones are equal."""


@final
class GraphEditor:
    """A copy of a graph, while its nodes are replaced."""

    def __init__(self, graph: Graph) -> None:
        self.graph = Copying(graph, {*graph.inputs.values(), *graph.nodes}).graph_of(graph.outputs)
        self._before = defaultdict[Node, list[Node]](list)
        """By node, what has been added right before it."""
        self._gone: set[Node] = set()
        self._instead: dict[_Key, Value] = {}
        self._readers = defaultdict[_Key, list[Node]](list)
        for node in self.graph.nodes:
            self._count(node)
        self._given = {_key(value) for value in (*self.graph.outputs.values(), *self.graph.root.features.values())}
        self._again = frozenset[Item](self._shared())

    def _shared(self) -> Iterator[Scope]:
        """The scopes that run again elsewhere, and those that do: what stands in one must stand in the others."""
        for scope in scopes_of(self.graph.root):
            if scope.share is not None:
                yield from (scope, scope.share)

    def _count(self, node: Node) -> None:
        for value in (*node.inputs, *node.tie.values()):
            if value is not None:
                self._readers[_key(value)].append(node)

    def nodes(self) -> Iterator[Node]:
        """Those that are there, in running order."""
        for node in self.graph.nodes:
            yield from self._upto(node)

    def _upto(self, node: Node) -> Iterator[Node]:
        for each in self._before.get(node, ()):
            yield from self._upto(each)
        if node not in self._gone:
            yield node

    def may_go(self, node: Node) -> bool:
        """Whether nothing but its outputs is known of a node, so that another can stand for it."""
        return not node.tensors and self.is_plain(node)

    def is_plain(self, item: Node | Scope) -> bool:
        """Whether nothing else is said of a node or scope, and no other runs its module again."""
        said: list[object] = [item.share, item.registered, item.note, item.was]
        if isinstance(item, Node):
            said += [item.measured, item.tie, item.frozen, item.init]
        return not any(said) and self._again.isdisjoint((item, *scopes_around(item)))

    def is_given(self, node: Node) -> bool:
        """Whether the network gives something of it."""
        return any(key[0] is node for key in self._given)

    def all_readers(self, node: Node) -> Iterator[Node]:
        """The nodes that read its outputs or its tensors."""
        for place in range(len(node.types)):
            yield from self._readers.get((node, place, None), ())
        for name in node.tensors:
            yield from self._readers.get((node, 0, name), ())

    def readers(self, node: Node, output: int = 0) -> list[Node]:
        """The nodes that read an output, one that reads it twice twice."""
        return [*self._readers[node, output, None]]

    def reader(self, node: Node) -> Node | None:
        """The only reader of a node's one output: None where others read it, or the network gives it."""
        readers = self.readers(node)
        alone = len(readers) == 1 and len(node.types) == 1 and (node, 0, None) not in self._given
        return readers[0] if alone else None

    def add(self, op: Op, inputs: Sequence[Value | None], at: Node, name: str = "", scope: Scope | None = None) -> Node:
        """A node of an op right before another, in its mode and its scope or another one.

        It is called as the op is, where no name is given.
        """
        scope = scope or at.scope
        assert scope is not None
        name = self._free(scope, name or op.name)
        scope.children[name] = made = self._made(op, inputs, at, scope, name)
        return made

    def replace_scope(self, scope: Scope, op: Op, inputs: Sequence[Value | None], at: Node) -> Node:
        """A node for a scope and all that is in it, right before one of its nodes."""
        holder = scope.scope
        assert holder is not None
        self.remove(*reversed([*scope.nodes()]))
        made = self._made(op, inputs, at, holder, scope.name)
        holder.children = {name: made if each is scope else each for name, each in holder.children.items()}
        return made

    def _made(self, op: Op, inputs: Sequence[Value | None], at: Node, scope: Scope, name: str) -> Node:
        fed = (*inputs, *[None] * (0 if op.ports[0].variadic else len(op.ports) - len(inputs)))
        applied = apply(op, tuple(None if value is None else value.type for value in fed))
        made = Node(
            name, f"{scope.path}.{name}".lstrip("."), scope, None, Env({}), (), at.when,
            op=op, inputs=fed, types=applied.types, output_names=applied.names, tensors=applied.tensors,
            macs=applied.macs,
        )  # fmt: skip
        self._before[at].append(made)
        self._count(made)
        return made

    def _free(self, scope: Scope, base: str) -> str:
        """A name that nothing in the scope has."""
        taken = {*scope.children, *(self.graph.inputs if scope.scope is None else ())}
        names = (base if n == 0 else f"{base}_{n}" for n in count())
        return next(name for name in names if name not in taken)

    def swap(self, old: Value, new: Value) -> None:
        """What read a value reads another."""
        before, now = _key(old), _key(new)
        self._instead[before] = new
        readers = self._readers.pop(before, [])
        self._readers[now] += readers
        for node in readers:
            node.inputs = tuple(new if value and _key(value) == before else value for value in node.inputs)
        if before in self._given:
            self._given.add(now)

    def remove(self, *nodes: Node) -> None:
        """Takes nodes out that nobody reads any more, or only others of them."""
        for node in nodes:
            self._gone.add(node)
            if node.scope is not None and node.scope.children.get(node.name) is node:
                del node.scope.children[node.name]
            for value in node.inputs:
                if value is not None:
                    self._readers[_key(value)].remove(node)

    def finished(self) -> Graph:
        """The graph as it has become."""
        for scope in scopes_of(self.graph.root):
            scope.inputs = {port: value and self._now(value) for port, value in scope.inputs.items()}
            scope.outputs = {name: now for name, value in scope.outputs.items() if (now := self._now(value))}
            scope.features = {name: now for name, value in scope.features.items() if (now := self._now(value))}
            scope.checks = [each._replace(value=now) for each in scope.checks if (now := self._now(each.value))]
        root = self.graph.root
        modes = {name: mode for name, value in root.outputs.items() if (mode := value.node.when) is not None}
        return replace(self.graph, nodes=[*self.nodes()], outputs=dict(root.outputs), output_modes=modes)

    def _now(self, value: Value) -> Value | None:
        """What stands for a value; None where nothing does."""
        while _key(value) in self._instead:
            value = self._instead[_key(value)]
        return None if value.node in self._gone else value


def _key(value: Value) -> _Key:
    return value.node, 0 if value.weight is not None else value.output, value.weight


def output_of(node: Node, place: int = 0) -> Value:
    """One of a node's outputs."""
    return Value(node, place, node.types[place])
