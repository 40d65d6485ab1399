"""The elaborated network: nodes, the values that flow between them, and the tree of scopes.

A `Node` is one primitive with its fields resolved, its place (`layer1.0.conv1`), the values that it reads and the
types that it makes. Nodes stand in the order in which they run. A `Scope` is a module that holds other modules: the
network itself, an instance of a block, a list or mapping of nodes, or a container made only by dotted names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.faults.fault import FollowOn, Span
from archdsl.ir.batch import batch_of
from archdsl.ir.provenance import UNKNOWN, Provenance
from archdsl.ops.base import Op, Weight
from archdsl.shapes import Dim, Shape, TensorType, evaluate

if TYPE_CHECKING:
    from pathlib import Path

    import networkx
    from typing_extensions import Unpack

    from archdsl.expressions import Expression
    from archdsl.figure.view import ViewOptions
    from archdsl.formats import Drawing
    from archdsl.ir.initialise import Initialiser
    from archdsl.ir.renaming import Rename, Resize
    from archdsl.ir.selection.features import Feature
    from archdsl.ir.sites import Site


class Mode(Enum):
    """When a node runs, where that depends on `module.training`."""

    TRAINING = "training"
    EVALUATION = "evaluation"


@dataclass(slots=True, eq=False, repr=False)
class Value:
    """One tensor: an output of a node, or (`weight`) a tensor that the node owns."""

    node: Node
    output: int
    type: TensorType
    weight: str | None = None
    """The name of the tensor read, where a node's own tensor is read (`embed.weight`)."""

    @property
    def name(self) -> str:
        """How a spec reads it: `qkv.q`, `relu`, `embed.weight`."""
        if self.weight is not None:
            return f"{self.node.path}.{self.weight}" if self.weight else self.node.path
        names = self.node.output_names
        return f"{self.node.path}.{names[self.output]}" if len(names) > 1 else self.node.path


class Binding(NamedTuple):
    """A name that expressions see, with where it comes from."""

    value: Any
    kind: str
    """`param`, `let`, `dim` or `loop`; `port`: whether an optional one is fed; `broken`: its mistake is reported."""
    definition: Expression | None = None
    """The expression of a `let`, in the names of the same environment."""


UNSURE = "?"
"""A name that no spec can write: an environment that has it misses names, since what gives them could not be read."""

UNSURE_SIZE = "? "
"""The same of the names of sizes, which are upper case."""


class Env:
    """Names that expressions see, innermost first."""

    __slots__ = ("names", "parent", "source")

    def __init__(self, names: dict[str, Binding], parent: Env | None = None, source: Any = None) -> None:
        self.names = names
        self.parent = parent
        self.source = source
        """Where the names are written, while elaboration may have to say so; None in a graph."""

    def find(self, name: str) -> Binding | None:
        env: Env | None = self
        while env is not None:
            if (found := env.names.get(name)) is not None:
                return found
            env = env.parent
        return None

    def keys(self) -> Iterator[str]:
        """Every name that is seen."""
        env: Env | None = self
        while env is not None:
            yield from env.names
            env = env.parent

    def may_miss(self, name: str) -> bool:
        """Whether a name that is not here may be one that could not be read."""
        return UNSURE in self or (name[:1].isupper() and UNSURE_SIZE in self)

    def __getitem__(self, name: str) -> Any:
        if (found := self.find(name)) is None:
            raise FollowOn if self.may_miss(name) else KeyError(name)
        if found.kind == "broken":
            raise FollowOn
        return found.value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None


@dataclass(frozen=True, slots=True)
class LoopStep:
    """One turn of a `for` that a node was written in."""

    loop: Site
    """Which `for` key."""
    index: int
    env: Env


@dataclass(slots=True, eq=False, repr=False)
class Item:
    """What nodes and scopes have in common."""

    name: str
    """The last part of the path."""
    path: str
    scope: Scope | None
    site: Site | None
    """Where it is written, and its fields as they are written there; None for the network and for containers."""
    env: Env
    """The names that its fields saw."""
    loops: tuple[LoopStep, ...] = ()
    """The `for` keys inside its own scope that it came from, outermost first."""
    when: Mode | None = None
    note: str | None = None
    was: str | None = None


@dataclass(slots=True, eq=False, repr=False)
class Node(Item):
    """A primitive at a place in the network."""

    op: Op = field(kw_only=True)
    inputs: tuple[Value | None, ...] = field(kw_only=True)
    """By port, in the op's order; None for an optional port that is not fed."""
    types: tuple[TensorType, ...] = field(kw_only=True)
    output_names: tuple[str, ...] = ("output",)
    tensors: Mapping[str, Weight] = field(default_factory=dict)
    """Parameters and buffers that it owns, by name; the name `` is the node itself."""
    macs: Dim = 0
    init: Mapping[str, Initialiser] | None = None
    """Initialiser by tensor name, where the spec says one: see `archdsl.ir.initialise`."""
    share: Node | None = None
    """The node whose module it runs again, and which makes its own."""
    registered: bool = False
    """That module stands in its scope as well, under its name."""
    measured: bool = False
    """Whether an expression reads its shape."""
    tie: Mapping[str, Value] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    """Its own parameters that are not trained."""

    @property
    def span(self) -> Span | None:
        return self.site.span if self.site is not None else None

    @property
    def fields(self) -> dict[str, Any]:
        """The op's fields that differ from their defaults."""
        return {name: getattr(self.op, name) for name in self.op.model_fields_set}

    @property
    def parameters(self) -> int:
        """How many numbers its parameters have; shared and tied ones belong to the node that has them first."""
        if self.share is not None:
            return 0
        owned = [weight for name, weight in self.tensors.items() if not weight.buffer and name not in self.tie]
        return sum(evaluate(TensorType(weight.shape).size, {}) for weight in owned)

    def tensor_paths(self) -> Iterator[str]:
        """Its tensors as the network's `state_dict` calls them."""
        for name in self.tensors:
            yield f"{self.path}.{name}" if name else self.path

    def __repr__(self) -> str:
        return f"<{self.op.name} {self.path}>"


class SizeCheck(NamedTuple):
    """A dimension that a block's pattern says the size of, and that only the run can compare."""

    value: Value
    position: int
    size: Dim


class Scan(NamedTuple):
    """How often a scope runs, where it is the body of a loop over time."""

    steps: Dim
    reverse: bool


class ScopeKind(Enum):
    NETWORK = "network"
    BLOCK = "block"
    INLINE = "inline"
    CONTAINER = "container"
    """Made only by dotted names; it has no value."""


@dataclass(slots=True, eq=False, repr=False)
class Scope(Item):
    """A module that holds other modules."""

    kind: ScopeKind = field(kw_only=True)
    block: str | None = None
    """The name of the block that it is an instance of."""
    definition: Site | None = None
    """Where that block is written: of two files, each may have a block of the name."""
    children: dict[str, Node | Scope] = field(default_factory=dict)
    """In the order in which they are registered: of first appearance, where the spec says none."""
    inputs: dict[str, Value | None] = field(default_factory=dict)
    """By port name; for an inline scope the one value `x` that it was given, if it used it."""
    outputs: dict[str, Value] = field(default_factory=dict)
    """By output name; a single output is called `output`."""
    features: dict[str, Value] = field(default_factory=dict)
    """By name, where the spec or the caller says which inner values they are."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """A block's parameters, resolved, with defaults filled in."""
    checks: list[SizeCheck] = field(default_factory=list)
    """What its pattern says of its inputs and cannot be proved: for the built model to assert."""
    share: Scope | None = None
    registered: bool = False
    scan: Scan | None = None
    """Its nodes run once for every step; those of op `scan_slice`, `scan_carry`, … are where values come and go."""
    listed: bool = False
    """Written as a list: its children are numbered."""

    def nodes(self) -> Iterator[Node]:
        """Every primitive below, in the order of the tree."""
        for child in self.children.values():
            yield from child.nodes() if isinstance(child, Scope) else (child,)

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.block or ''} {self.path}>"


class Edge(NamedTuple):
    """One value on its way into one port."""

    source: Value
    target: Node
    port: str


@dataclass(eq=False)
class Graph:
    """A network: what `archdsl.graph` returns."""

    name: str
    summary: str
    reference: str
    root: Scope
    inputs: dict[str, Node]
    """Nodes of op `input`, by name."""
    nodes: list[Node]
    """Every primitive but the inputs, in the order in which they run."""
    outputs: dict[str, Value]
    output_modes: dict[str, Mode]
    """The mode of the outputs that exist in one mode only."""
    sample_sizes: dict[str, int]
    """The size to draw and sample with, by symbolic dimension."""
    params: dict[str, Any]
    """The file's parameters, as built."""
    file: str
    overrides: dict[str, Any] = field(default_factory=dict)
    """The parameters and sizes that the caller set."""
    renames: tuple[Rename, ...] = ()
    """Names that published weights use."""
    resizes: Mapping[str, Resize] = field(default_factory=dict)
    """By tensor: how published weights follow the size of the image."""
    reads: Mapping[str, int] = field(default_factory=dict)
    """In how many places the file reads each of its own parameters."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """The outputs that the caller chose in place of its own, by name: the paths of inner values."""
    pruned: tuple[str, ...] = ()
    """The tensors of what no output needs and is not there, as the whole network's `state_dict` calls them."""
    path: Path | None = None
    """The spec's file, absolute."""
    provenance: Provenance = UNKNOWN
    """What else of the files is needed."""

    @cached_property
    def edges(self) -> list[Edge]:
        """Every edge between primitives, in running order of the targets."""
        return [
            Edge(value, node, port)
            for node in self.nodes
            for value, port in zip(node.inputs, port_names(node), strict=True)
            if value is not None
        ]

    @cached_property
    def parameters(self) -> int:
        """How many numbers the parameters have, shared and tied ones counted once."""
        return sum(node.parameters for node in self.nodes)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of one evaluation pass at the `counted_sizes`."""
        return sum(evaluate(node.macs, self.counted_sizes) for node in self.nodes if node.when is not Mode.TRAINING)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The values that a head reads of a backbone, from the finest to the coarsest, as the spec or the caller says.

        Where they say none: the last value of each level of the image on the way from the input to the output.
        """
        from archdsl.ir.selection.features import features_of

        return features_of(self)

    @cached_property
    def batch(self) -> tuple[str, ...]:
        """The names of the batch dimension: `N`, and of inputs without one the first, unless it is a length elsewhere.

        It is empty where the file fixes the batch.
        """
        return batch_of(node.types[0].shape for node in self.inputs.values())

    @cached_property
    def counted_sizes(self) -> dict[str, int]:
        """The sizes that MACs are counted for: the sample sizes with a batch of one."""
        return self.sample_sizes | dict.fromkeys(self.batch, 1)

    def batch_place(self, shape: Shape) -> int | None:
        """Which dimension of a shape is the batch; None where it has none."""
        return next((i for i, dim in enumerate(shape) if str(dim) in self.batch), None)

    def without_batch(self, shape: Shape) -> Shape:
        """The shape of one sample."""
        place = self.batch_place(shape)
        return shape if place is None else (*shape[:place], *shape[place + 1 :])

    def figure(self, **options: Unpack[ViewOptions]) -> Drawing:
        """The figure for a notebook, with the options of `archdsl.draw`. Raises DrawingError."""
        from archdsl.formats import Drawing

        return Drawing(self, options)

    def _repr_svg_(self) -> str | None:
        from archdsl.formats import svg_or_nothing

        return svg_or_nothing(self)

    def to_json(self) -> str:
        """The graph as JSON, the same text for the same network: `docs/graph.md` says what stands where."""
        from archdsl.ir.exchange.writing import to_json

        return to_json(self)

    @staticmethod
    def from_json(text: str) -> Graph:
        """The graph that `to_json` wrote, here or elsewhere. Raises GraphError, with a place, for any other text."""
        from archdsl.ir.exchange.reading import from_json

        return from_json(text)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same network, and say it alike."""
        return self is other or (isinstance(other, Graph) and self.to_json() == other.to_json())

    def __hash__(self) -> int:
        return hash((self.name, len(self.nodes)))

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """The graph for networkx: nodes are paths; attributes `op`, `fields`, `shape`, `scope`."""
        from archdsl.ir.exchange.nets import to_networkx

        return to_networkx(self)


def port_names(node: Node) -> tuple[str, ...]:
    """The port of each of the node's inputs; a variadic port's are `0`, `1`, …"""
    ports = node.op.ports
    if len(ports) == 1 and ports[0].variadic:
        return tuple(str(i) for i in range(len(node.inputs)))
    return tuple(port.name for port in ports[: len(node.inputs)])
