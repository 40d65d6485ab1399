"""How a network's scopes become modules: what each one reads, what it gives, and its role.

Edges join primitives and scopes are transparent to them, so a scope's ports are found here: what its
nodes read from outside (`imports`), and what outside nodes read of it (`exports`). A role is a
decision per scope; `OPEN` is the one that is always right: its children run in the forward of the
class around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple, TypeAlias, final

from archdsl.elaboration.names import MODULE_ATTRIBUTES
from archdsl.graph import Graph, Node, Scope, ScopeKind, Value
from archdsl.ops.base import Kind
from archdsl.ops.special import Constant, Parameter
from archdsl.overwriting import activates_in_place, readers_of, summand
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.helpers import HELPERS
from archdsl_torch.lowering import Arg, Call
from archdsl_torch.special import AddInto, Known, lowered
from archdsl_torch.spelling import camel, output_name
from archdsl_torch.text import unique
from archdsl_torch.wrappers import Wrappers

Unit: TypeAlias = "Node | Scope"
"""What one step of a forward runs."""


class Key(NamedTuple):
    """A value by identity: an output of a node, or (`weight`) a tensor that it owns."""

    node: Node
    output: int
    weight: str | None


class Role(Enum):
    """What a scope becomes."""

    CLASS = "class"
    CHAIN_CLASS = "subclass of nn.Sequential"
    CHAIN = "nn.Sequential"
    OPEN = "container whose children are run from outside"


_SEQUENTIAL: Final = MODULE_ATTRIBUTES | {"append", "extend", "insert", "pop"}
"""The attributes of nn.Sequential, which no child of one can be called."""


def key_of(value: Value) -> Key:
    """The value's identity; a node that is a tensor itself (`parameter`) is its own weight."""
    if value.weight is None and is_tensor(value.node):
        return Key(value.node, 0, "")
    return Key(value.node, value.output, value.weight)


def is_tensor(node: Node) -> bool:
    """Whether the node is a parameter or buffer, so that it does not run."""
    # `isinstance` on a pydantic class is slow, and these are final
    kind = type(node.op)
    return kind is Parameter or (kind is Constant and bool(node.tensors))


FILE_NAMES: Final = frozenset(
    ("nn", "F", "torch", "math", "OrderedDict", "NamedTuple", "Outputs", "make_divisible", *HELPERS)
)
"""The names that a file gives a meaning to beside those of its classes."""


def class_name(graph: Graph) -> str:
    """The name of the network's class: `net50` -> `Net50`."""
    return unique(camel(graph.name), FILE_NAMES)


def output_fields(graph: Graph) -> dict[str, str]:
    """By output: its field of the NamedTuple that the network returns."""
    fields: dict[str, str] = {}
    for name in graph.outputs:
        fields[name] = unique(output_name(name), fields.values())
    return fields


@final
class Layout:
    """The ports and roles of a graph's scopes."""

    def __init__(
        self, graph: Graph, opened: frozenset[Scope] = frozenset(), inlined: frozenset[Scope] = frozenset(),
        unchained: frozenset[Scope] = frozenset(),
    ) -> None:  # fmt: skip
        self.graph = graph
        self.opened = opened
        self.inlined = inlined
        self.unchained = unchained
        self.order = {node: i for i, node in enumerate(graph.nodes)}
        self.inputs = frozenset(graph.inputs.values())
        known: Known = {}
        self.lowered = {node: lowered(node, known) for node in graph.nodes if not is_tensor(node)}
        self.types: dict[Key, TensorType] = {}
        self.imports: dict[Scope, dict[Key, None]] = {}
        self.exports: dict[Scope, dict[Key, None]] = {}
        self.readers = readers_of(graph)
        self.sized: dict[Scope, tuple[Key, ...]] = {}
        """What a loop reads for its sizes alone."""
        self._chains: dict[Scope, tuple[Scope, ...]] = {}
        self._first: dict[Scope, int] = {}
        self._roles: dict[Scope, Role] = {}
        self._modules: dict[Node, Call | None] = {}
        self.class_names = {class_name(graph), *FILE_NAMES}
        """The names that classes have, and that no other can have."""
        self.wrappers = Wrappers(self.class_names)
        self._connect()
        self._feed_sizes()
        self._overwrite_sums()

    def chain(self, scope: Scope | None) -> tuple[Scope, ...]:
        """The scope and all around it, innermost first."""
        if scope is None:
            return ()
        found = self._chains.get(scope)
        if found is None:
            found = self._chains[scope] = (scope, *self.chain(scope.scope))
        return found

    def is_inside(self, item: Unit, scope: Scope) -> bool:
        return item is scope or scope in self.chain(item.scope)

    def relative(self, item: Unit, scope: Scope) -> tuple[str, ...]:
        """The names on the way from a scope down to an item inside it."""
        names: list[str] = []
        current: Unit | None = item
        while current is not None and current is not scope:
            names.append(current.name)
            current = current.scope
        return tuple(reversed(names))

    def first(self, unit: Unit) -> int:
        """When the unit begins to run."""
        if isinstance(unit, Node):
            return self.order[unit]
        if unit not in self._first:
            runs = [self.order[node] for node in unit.nodes() if not is_tensor(node)]
            self._first[unit] = min(runs, default=-1)
        return self._first[unit]

    def role(self, scope: Scope) -> Role:
        if scope not in self._roles:
            self._roles[scope] = self._decide(scope)
        return self._roles[scope]

    def units(self, scope: Scope) -> list[Unit]:
        """What the forward of a class runs, in order; scopes without a forward are seen through."""
        return sorted(self._units(scope), key=self.first)

    def module(self, node: Node) -> Call | None:
        """The constructor of the node's module; None where it is an expression in a forward."""
        if node not in self._modules:
            self._modules[node] = self._module(node)
        return self._modules[node]

    def _module(self, node: Node) -> Call | None:
        forms = self.lowered[node]
        if node.scope is not None and self.role(node.scope) in (Role.CHAIN, Role.CHAIN_CLASS):
            return self._in_place(node, forms.module or self.wrappers.call(node, forms.function))
        if node.tensors or forms.function is None or node.op.kind is not Kind.RESHAPE:
            return self._in_place(node, forms.module)
        return None

    # --- ports ----------------------------------------------------------------------------

    def _connect(self) -> None:
        for node in self.graph.nodes:
            for value in node.inputs:
                if value is not None:
                    self._read(value, node)
        for value in self.graph.outputs.values():
            key = self._note(value)
            if key.weight is None:
                for scope in self.chain(key.node.scope)[:-1]:
                    self.exports.setdefault(scope, {})[key] = None

    def _note(self, value: Value) -> Key:
        key = key_of(value)
        self.types.setdefault(key, value.type)
        return key

    def _read(self, value: Value, node: Node) -> None:
        key = self._note(value)
        producers = self.chain(key.node.scope)
        for scope in self.chain(node.scope):
            if scope in producers:
                common = scope
                break
            self.imports.setdefault(scope, {})[key] = None
        if key.weight is not None:
            return
        for scope in producers:
            if scope is common:
                return
            self.exports.setdefault(scope, {})[key] = None

    def _feed_sizes(self) -> None:
        """A loop cannot be opened where nothing in it tells a size: it is given the network's inputs that do."""
        for scope in self.opened:
            if scope.scan is None:
                continue
            inputs = self.graph.inputs.values()
            sized = [node for node in inputs if any(isinstance(dim, Symbolic) for dim in node.types[0].shape)]
            self.sized[scope] = tuple(Key(node, 0, None) for node in sized)
            for around in self.chain(scope)[:-1]:
                self.imports.setdefault(around, {}).update(dict.fromkeys(self.sized[scope]))

    # --- overwriting ------------------------------------------------------------------------

    def _in_place(self, node: Node, module: Call | None) -> Call | None:
        """The module with `inplace=True` where it may overwrite what it reads."""
        if module is None or not activates_in_place(node, self.readers):
            return module
        return Call(module.function, module.args, (*module.kwargs, ("inplace", Arg(True))))

    def _overwrite_sums(self) -> None:
        for node, forms in self.lowered.items():
            place = summand(node, self.readers)
            if place is not None:
                self.lowered[node] = forms._replace(function=AddInto(place))  # type: ignore[arg-type]

    # --- roles ----------------------------------------------------------------------------

    def _units(self, scope: Scope) -> Iterator[Unit]:
        for child in scope.children.values():
            if isinstance(child, Node):
                if not is_tensor(child):
                    yield child
            elif self.role(child) is not Role.OPEN:
                yield child
            else:
                yield from self._units(child)

    def _decide(self, scope: Scope) -> Role:
        if scope.kind is ScopeKind.NETWORK or scope.scan is not None:
            return Role.CLASS
        if scope in self.opened or self.first(scope) < 0 or self._shares_outside(scope):
            return Role.OPEN
        if scope.share is not None:
            return self.role(scope.share)
        chain = self._is_chain(scope)
        if scope.kind is ScopeKind.BLOCK and not (chain and scope in self.inlined):
            return Role.CHAIN_CLASS if chain else Role.CLASS
        if chain:
            return Role.CHAIN
        return Role.OPEN if scope.kind is ScopeKind.CONTAINER or scope.listed else Role.CLASS

    def _shares_outside(self, scope: Scope) -> bool:
        """Whether something inside runs a module from outside, which only an outer class can reach."""
        if scope.share is not None:
            return self.role(scope.share) is Role.OPEN
        return any(child.share is not None and not self.is_inside(child.share, scope) for child in self._shared(scope))

    def _shared(self, scope: Scope) -> Iterator[Unit]:
        for child in scope.children.values():
            if child.share is not None:
                yield child
            elif isinstance(child, Scope):
                yield from self._shared(child)

    def _is_chain(self, scope: Scope) -> bool:
        """Whether its children are modules, each of which reads the one before it and nothing else."""
        reads = [*self.imports.get(scope, ())]
        if len(reads) != 1 or len(scope.children) < 1 or scope in self.unchained:
            return False
        if not _SEQUENTIAL.isdisjoint(scope.children):
            return False
        current: Key | None = reads[0]
        for child in scope.children.values():
            if child.when is not scope.when or child.share is not None or current is None:
                return False
            current = self._step_through(child, current, scope)
        return current is not None and list(self.exports.get(scope, ())) == [current]

    def _step_through(self, child: Unit, current: Key, scope: Scope) -> Key | None:
        """What a child of a chain gives, if it reads `current` alone and gives one value."""
        if isinstance(child, Scope):
            gives = list(self.exports.get(child, ()))
            fits = self.role(child) is not Role.OPEN and list(self.imports.get(child, ())) == [current]
            return gives[0] if fits and len(gives) == 1 else None
        if is_tensor(child) or [key_of(v) for v in child.inputs if v is not None] != [current]:
            return None
        forms = self.lowered[child]
        wrapped = scope.listed and forms.module is None and self.wrappers.fits(child, forms.function)
        if len(child.types) != 1 or forms.call is not None or (forms.module is None and not wrapped):
            return None
        return Key(child, 0, None)
