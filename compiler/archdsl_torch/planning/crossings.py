"""What crosses the border of each scope, and when its nodes run: what is so whatever becomes of the scopes.

Edges join primitives and scopes are transparent to them, so it is found here what the nodes of each scope read from
outside (`imports`), and what outside nodes read of it (`exports`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias, final

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ir.overwriting import Overwriting
from archdsl.ir.scopes import scopes_of
from archdsl.ops.special import FILLED, Constant, Parameter
from archdsl.shapes import TensorType
from archdsl_torch.lowering.special import KnownForms, lowered
from archdsl_torch.lowering.tree import AddInto
from archdsl_torch.planning.floors import floors

Unit: TypeAlias = "Node | Scope"
"""What one step of a forward runs."""


class Key(NamedTuple):
    """A value by identity: an output of a node, or (`weight`) a tensor that it owns."""

    node: Node
    output: int
    weight: str | None


def key_of(value: Value) -> Key:
    """The value's identity; a node that is a tensor itself (`parameter`) is its own weight."""
    if value.weight is None and type(value.node.op) in FILLED and is_tensor(value.node):
        return Key(value.node, 0, "")
    return Key(value.node, value.output, value.weight)


def is_tensor(node: Node) -> bool:
    """Whether the node is a parameter or buffer, so that it does not run."""
    # `isinstance` on a pydantic class is slow, and these are final
    kind = type(node.op)
    return kind is Parameter or (kind is Constant and bool(node.tensors))


def numbers_of(node: Node) -> list[str]:
    """The tensors of the network's floating dtype that the module of a node has right below it."""
    return [name for name, weight in node.tensors.items() if weight.dtype == "float32" and "." not in name]


def relative(item: Unit, scope: Scope) -> tuple[str, ...]:
    """The names on the way from a scope down to an item inside it."""
    names: list[str] = []
    current: Unit | None = item
    while current is not None and current is not scope:
        names.append(current.name)
        current = current.scope
    return tuple(reversed(names))


@final
class Crossings:
    """The values that cross the borders of a graph's scopes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = {node: i for i, node in enumerate(graph.nodes)}
        known: KnownForms = {}
        self.lowered = {node: lowered(node, known) for node in graph.nodes if not is_tensor(node)}
        self.scopes = scopes_of(graph.root)
        self.floors = floors(self.scopes)
        self.types: dict[Key, TensorType] = {}
        self.imports: dict[Scope, dict[Key, None]] = {}
        self.exports: dict[Scope, dict[Key, None]] = {}
        self.read: dict[Node, tuple[Key | None, ...]] = {}
        """What each node reads, in the order of its inputs."""
        self.overwriting = Overwriting(graph)
        self.chain: Callable[[Scope | None], tuple[Scope, ...]] = cache(self._chain)
        self._begins = self._find_beginnings()
        self._connect()
        self._overwrite_sums()

    def _chain(self, scope: Scope | None) -> tuple[Scope, ...]:
        """The scope and all around it, innermost first."""
        return () if scope is None else (scope, *self.chain(scope.scope))

    def is_inside(self, item: Unit, scope: Scope) -> bool:
        return item is scope or scope in self.chain(item.scope)

    def first(self, unit: Unit) -> int:
        """When the unit begins to run; -1 for a scope in which nothing does."""
        return self.order[unit] if isinstance(unit, Node) else self._begins.get(unit, -1)

    def type_of(self, key: Key) -> TensorType:
        return self.types.get(key) or key.node.types[key.output]

    def _find_beginnings(self) -> dict[Scope, int]:
        """When each scope begins to run in which something does."""
        found: dict[Scope, int] = {}
        for node in self.lowered:  # in running order
            scope = node.scope
            while scope is not None and scope not in found:
                found[scope] = self.order[node]
                scope = scope.scope
        return found

    def _connect(self) -> None:
        for node in self.graph.nodes:
            self.read[node] = tuple([None if value is None else self._read(value, node) for value in node.inputs])
        for value in self.graph.outputs.values():
            key = self._note(value)
            if key.weight is None:
                for scope in self.chain(key.node.scope)[:-1]:
                    self.exports.setdefault(scope, {})[key] = None

    def _note(self, value: Value) -> Key:
        key = key_of(value)
        self.types.setdefault(key, value.type)
        return key

    def _read(self, value: Value, node: Node) -> Key:
        key = self._note(value)
        if key.node.scope is node.scope:
            return key
        producers = self.chain(key.node.scope)
        for scope in self.chain(node.scope):
            if scope in producers:
                common = scope
                break
            self.imports.setdefault(scope, {})[key] = None
        if key.weight is not None:
            return key
        for scope in producers:
            if scope is common:
                break
            self.exports.setdefault(scope, {})[key] = None
        return key

    def _overwrite_sums(self) -> None:
        for node, forms in self.lowered.items():
            place = self.overwriting.summand(node)
            if place is not None:
                self.lowered[node] = forms._replace(function=AddInto(place))
