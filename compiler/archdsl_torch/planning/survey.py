"""How a network's scopes become modules: the role of each one.

A role is a decision per scope; `OPEN` is the one that is always right: its children run in the forward of
the class around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache, cached_property
from itertools import islice
from typing import Final, final

from archdsl.ir.graph import Graph, Node, Scope, ScopeKind
from archdsl.ops.base import Kind
from archdsl.shapes import Shape, TensorType, evaluate
from archdsl.text.names import MODULE_ATTRIBUTES
from archdsl_torch.lowering.helpers import HELPERS
from archdsl_torch.lowering.spelling import camel, output_name
from archdsl_torch.lowering.text import TakenNames, unique
from archdsl_torch.lowering.tree import Arg, Call, Like
from archdsl_torch.lowering.walking import walk
from archdsl_torch.planning.crossings import Crossings, Key, Unit, is_tensor, numbers_of
from archdsl_torch.planning.findings import Findings
from archdsl_torch.planning.memo import Memo
from archdsl_torch.planning.origins import as_scope, origin_of
from archdsl_torch.planning.wrappers import Wrappers


class Role(Enum):
    """What a scope becomes."""

    CLASS = "class"
    CHAIN_CLASS = "subclass of nn.Sequential"
    CHAIN = "nn.Sequential"
    OPEN = "container whose children are run from outside"


_SEQUENTIAL: Final = MODULE_ATTRIBUTES | {"append", "extend", "insert", "pop"}
"""The attributes of nn.Sequential, which no child of one can be called."""

FILE_NAMES: Final = frozenset(
    ("nn", "F", "torch", "math", "OrderedDict", "NamedTuple", "Outputs", "parametrizations", "parametrize", *HELPERS)
)
"""The names that a file gives a meaning to beside those of its classes."""


def class_name(graph: Graph) -> str:
    """The name of the network's class: `net50` -> `Net50`."""
    return unique(camel(graph.name), FILE_NAMES)


def output_fields(graph: Graph) -> dict[str, str]:
    """By output: its field of the NamedTuple that the network returns."""
    names = TakenNames()
    return {name: names.new(output_name(name)) for name in graph.outputs}


@final
class Survey:
    """The roles of a graph's scopes, as far as is known what they cannot be."""

    def __init__(self, crossings: Crossings, known: Findings) -> None:
        self.crossings = crossings
        self.known = known
        self.graph = crossings.graph
        self.imports = {**crossings.imports}
        """What crosses into a scope, and what a loop in it is given beside."""
        self.exports = crossings.exports
        self.lowered = crossings.lowered
        self.fed: dict[Scope, tuple[Key, ...]] = {}
        """What a loop reads for its device and its dtype alone."""
        self.roles: Memo[Scope, Role] = Memo(self._decide)
        self.role: Callable[[Scope], Role] = self.roles.__getitem__
        self.modules: Memo[Node, Call | None] = Memo(self._module)
        self.module: Callable[[Node], Call | None] = self.modules.__getitem__
        self.sampled: Callable[[Shape], str] = cache(self._sampled)
        self.class_names = TakenNames((class_name(self.graph), *FILE_NAMES))
        """The names that classes have, and that no other can have."""
        self.wrappers = Wrappers(self.class_names)
        self._feed_loops()

    @cached_property
    def has_numbers(self) -> bool:
        """Whether anything but the results of ops tells the network's floating dtype."""
        return next(self._numbers(), None) is not None

    def units(self, scope: Scope) -> list[Unit]:
        """What the forward of a class runs, in order; scopes without a forward are seen through."""
        return sorted(self._units(scope), key=self.crossings.first)

    def _sampled(self, shape: Shape) -> str:
        """The shape of the sample input's value, with the name of its first dimension."""
        return "×".join([str(shape[0]), *(str(evaluate(dim, self.graph.sample_sizes)) for dim in shape[1:])])

    def _module(self, node: Node) -> Call | None:
        """The constructor of the node's module; None where it is an expression in a forward."""
        forms = self.lowered[node]
        if node.scope is not None and self.role(node.scope) in (Role.CHAIN, Role.CHAIN_CLASS):
            own = forms.module
            if own is None and forms.function is not None:
                own = self.wrappers.call(node, forms.function)
            return self._in_place(node, own)
        if forms.function is None or node.op.kind is not Kind.RESHAPE:
            return self._in_place(node, forms.module)
        return None

    # --- ports ----------------------------------------------------------------------------

    def _feed_loops(self) -> None:
        """A loop cannot be opened where nothing in it tells the device or the dtype: it is given what does."""
        loops = [scope for scope in self.crossings.scopes if scope.scan is not None]
        for scope in [loop for loop in loops if loop in self.known.opened]:
            fed = [*islice(self._numbers(), 1)] if self._asks_for_dtype(scope) else []
            fed = fed or [Key(node, 0, None) for node in islice(self.graph.inputs.values(), 1)]
            self.fed[scope] = tuple(fed)
            for around in self.crossings.chain(scope)[:-1]:
                self.imports[around] = self.imports.get(around, {}) | dict.fromkeys(fed)

    def _asks_for_dtype(self, scope: Scope) -> bool:
        forms = (self.lowered.get(node) for node in scope.nodes())
        codes = (form.function for form in forms if form is not None and form.function is not None)
        return any(part == Like("dtype") for code in codes for part in walk(code))

    def _numbers(self) -> Iterator[Key]:
        """What has the network's floating dtype whatever its ops make: inputs, and tensors that are owned."""
        yield from (Key(node, 0, None) for node in self.graph.inputs.values() if node.types[0].dtype == "float32")
        for node in self.graph.nodes:
            for name in numbers_of(node) if node.share is None else ():
                key = Key(node, 0, name)
                self.crossings.types.setdefault(key, TensorType(node.tensors[name].shape))
                yield key

    # --- overwriting ------------------------------------------------------------------------

    def _in_place(self, node: Node, module: Call | None) -> Call | None:
        """The module with `inplace=True` where it may overwrite what it reads."""
        if module is None or not self.crossings.overwriting.activates_in_place(node):
            return module
        return Call(module.function, module.args, (*module.kwargs, ("inplace", Arg(True, "inplace"))))

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
        if scope in self.known.opened or self.crossings.first(scope) < 0:
            return Role.OPEN
        origin = origin_of(scope)
        if origin is not scope:
            # one module, one structure: what runs it again has its parts, whoever reads them
            return self.role(as_scope(origin))
        if scope in self._reaching_out:
            return Role.OPEN
        chain = self._is_chain(scope)
        if scope.kind is ScopeKind.BLOCK and not (chain and scope in self.known.inlined):
            return Role.CHAIN_CLASS if chain else Role.CLASS
        if chain:
            return Role.CHAIN
        return Role.OPEN if scope.kind is ScopeKind.CONTAINER or scope.listed else Role.CLASS

    @property
    def runs_again(self) -> bool:
        """Whether a module runs a second time."""
        return bool(self._copies or self._reaching_out)

    @cached_property
    def _reaching_out(self) -> frozenset[Scope]:
        """The scopes in which something runs a module from outside, which only an outer class can reach."""
        children = (child for scope in self.crossings.scopes for child in scope.children.values())
        shared = ((child, child.share) for child in children if child.share is not None)
        chain, is_inside = self.crossings.chain, self.crossings.is_inside
        return frozenset(scope for child, made in shared for scope in chain(child.scope) if not is_inside(made, scope))

    def _is_chain(self, scope: Scope) -> bool:
        """Whether its children are modules, each of which reads the one before it and nothing else, in every run."""
        return all(map(self._runs_as_chain, [scope, *self._copies.get(scope, ())]))

    @cached_property
    def _copies(self) -> dict[Scope, list[Scope]]:
        """The scopes that run another's modules, by that one."""
        found: dict[Scope, list[Scope]] = {}
        if all(scope.share is None for scope in self.crossings.scopes):
            return found
        for scope in self.crossings.scopes:
            origin = as_scope(origin_of(scope))
            if origin is not scope:
                found.setdefault(origin, []).append(scope)
        return found

    def _runs_as_chain(self, scope: Scope) -> bool:
        is_copy = origin_of(scope) is not scope
        reads = [*self.imports.get(scope, ())]
        if len(reads) != 1 or len(scope.children) < 1 or scope in self.known.unchained:
            return False
        if not _SEQUENTIAL.isdisjoint(scope.children):
            return False
        current: Key | None = reads[0]
        for child in scope.children.values():
            if child.when is not scope.when or (child.share is not None and not is_copy) or current is None:
                return False
            current = self._step_through(child, current, scope)
        return current is not None and list(self.exports.get(scope, ())) == [current]

    def _step_through(self, child: Unit, current: Key, scope: Scope) -> Key | None:
        """What a child of a chain gives, if it reads `current` alone and gives one value."""
        if isinstance(child, Scope):
            gives = list(self.exports.get(child, ()))
            fits = self.role(child) is not Role.OPEN and list(self.imports.get(child, ())) == [current]
            return gives[0] if fits and len(gives) == 1 else None
        forms = self.lowered.get(child)
        if forms is None or [key for key in self.crossings.read[child] if key is not None] != [current]:
            return None
        wrapped = scope.listed and forms.module is None and self.wrappers.fits(forms.function)
        if len(child.types) != 1 or forms.call is not None or (forms.module is None and not wrapped):
            return None
        return Key(child, 0, None)
