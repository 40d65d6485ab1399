"""Who reads whom: the questions about a graph that grouping asks, answered once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from copy import copy
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from archdsl.figure.carriers import Carriers
from archdsl.figure.hiding import hidden_in
from archdsl.figure.idioms import Idiom, idioms_in
from archdsl.figure.marks import Marks
from archdsl.figure.masks import MaskWords
from archdsl.figure.sources import drawn_sources
from archdsl.figure.tensors import learned_of
from archdsl.figure.theme import Theme
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Mode, Node, Scope, Value
from archdsl.ir.scopes import scopes_around
from archdsl.ops.base import Kind
from archdsl.ops.special import FILLED, Parameter, ScanCarry, ScanLast
from archdsl.shapes import Dim, Shape
from archdsl.words.quantities import batched_text, shape_text, size

if TYPE_CHECKING:
    from archdsl.figure.elements import Element, Grain
    from archdsl.figure.grouping import Grouping
    from archdsl.figure.repeats import Run
    from archdsl.figure.terraces import Terraces

_MAIN = {Kind.CONV, Kind.LINEAR, Kind.ATTENTION, Kind.EMBEDDING}


class Flow:
    """The data flow of one graph.

    A node is static when no input of the network reaches it: parameters, constants and what is made of
    them, but for what a loop passes on from step to step and for the sources that are drawn. Figures show
    static nodes with their reader. A node that does nothing counts as static too, and its readers read what it reads.
    """

    fuses: bool = False
    """Whether a block that is opened shows a layer, its norm and its activation as one."""
    optional: Set[str] = frozenset()
    """Paths of what only some of the blocks have that a figure stands for."""

    def __init__(self, graph: Graph, marks: Marks | None = None, view: View | None = None) -> None:
        self.graph = graph
        self.marks = marks
        self.view = view or View()
        """How figures say what flows."""
        self.sizes = graph.sample_sizes
        self.thorough = True
        """Whether all that masks do is said, also what differs between the layers of one network."""
        self.masks: dict[Hashable, MaskWords] = {}
        """What masks do, by how they are made: found when it is first asked for."""
        self.masked: dict[tuple[Node, int, bool], MaskWords] = {}
        """The same by value, and by whether true hides there."""
        self._forget_parts()
        self._numbers: dict[Shape, list[int]] = {}
        self._macs: dict[Dim, int] = {}
        self._texts: dict[Shape, str] = {}
        nodes = [*graph.inputs.values(), *graph.nodes]
        self.order = {node: i for i, node in enumerate(nodes)}
        self._nodes = nodes
        self._passed: dict[Node, Value] = {}
        self.hidden: dict[Node, Value] = {}
        """What a theme hides, and what is read in its place."""
        self.static: set[Node] = set()
        self.sources: dict[Node, list[Node]] = {}
        """The moving nodes that a node reads."""
        self.readers: dict[Node, list[Node]] = {}
        self._trace(set(graph.inputs.values()))
        found = drawn_sources(graph, self.static, self.resolve)
        if found:
            self._trace(found.union(graph.inputs.values()))
        self._hide(found.union(graph.inputs.values()))
        self.drawn = {node for node in found - self.hidden.keys() if not self.sources[node]}
        """The sources that are none of the network's inputs."""
        self._idioms: dict[Scope | None, dict[Node, Idiom]] = {}
        """By scope, found when one of its nodes is first asked about: a figure looks into few of equal blocks."""
        self._shown: set[Node] = set()
        """Nodes of layers that are shown by their ops."""
        self.results = {self.resolve(value).node for value in graph.outputs.values()}
        self._is_single = not graph.batch and all(node.types[0].shape[:1] == (1,) for node in graph.inputs.values())
        """Whether the file fixes a batch of one."""

    def _hide(self, sources: set[Node]) -> None:
        """Finds what moves without what the theme hides. Raises DrawingError where that cannot be hidden."""
        if self.theme.hide:
            self.hidden = hidden_in(self, self.theme.hide)
            self._trace(sources)

    @property
    def theme(self) -> Theme:
        """What is said of the network apart from its spec."""
        return self.view.theme

    def _trace(self, sources: set[Node]) -> None:
        """Finds what moves, where that begins at these nodes."""
        self.static.clear()
        self.readers = {node: [] for node in self._nodes}
        for node in self._nodes:
            read = [self.resolve(value) for value in read_by(node)]
            moving = [value.node for value in read if value.weight is None]
            self.sources[node] = [source for source in moving if source not in self.static]
            if node.op.is_idle() and len(read) == 1:
                self._passed[node] = read[0]
                self.static.add(node)
                continue
            if node in self.hidden:
                self._passed[node] = self.resolve(self.hidden[node])
                self.static.add(node)
                continue
            if not self.sources[node] and node not in sources and not isinstance(node.op, ScanCarry):
                self.static.add(node)
            # a layer made of a parameter by a tie has it as its own; a tie to another layer's is told in words
            ties = [value for value in node.tie.values() if isinstance(value.node.op, Parameter)]
            for value in (*read, *ties):
                self.readers[value.node].append(node)

    def _another(self) -> Flow:
        """One that is to say something else: parts of scopes may be others there."""
        other = copy(self)
        other._forget_parts()
        return other

    def _forget_parts(self) -> None:
        """What scopes consist of, for those that have been asked for, which depends on what is marked and opened."""
        self.elements: dict[tuple[Scope, Grain], list[Element]] = {}
        self.grouped: dict[tuple[Scope, Grouping], list[Run]] = {}
        self.terraces: dict[Scope, Terraces | None] = {}

    def brief(self) -> Flow:
        """The same flow that says of masks what they have in common."""
        other = self._another()
        other.thorough = False
        return other

    def fusing(self, *, fuses: bool = True, optional: Set[str] = frozenset()) -> Flow:
        """The same flow where layers are shown as one, but for those of which a part is optional; or as they are."""
        other = self._another()
        other.fuses, other.optional = fuses, optional
        return other

    def opened(self, scopes: Iterable[Scope]) -> Flow:
        """The same flow, where a layer that is written from primitives and is all of one of these scopes shows them."""
        shown = {node for scope in scopes for node in self._sole_idiom(scope)}
        if not shown:
            return self
        other = self._another()
        other._shown = self._shown | shown
        return other

    def _sole_idiom(self, scope: Scope) -> Sequence[Node]:
        """The nodes of a layer that is written from primitives, where it is all that moves in a scope."""
        moving = self.moving(scope.nodes())
        idiom = self.idiom(moving[0]) if moving else None
        return moving if idiom is not None and set(idiom.nodes) == set(moving) else ()

    def unmarked(self) -> Flow:
        """The same flow without its marks."""
        other = self._another()
        other.marks = None
        return other

    def resolve(self, value: Value) -> Value:
        """The value, or what it is equal to where its node does nothing."""
        while value.node in self._passed:
            value = self._passed[value.node]
        return value

    def passes(self, node: Node) -> bool:
        """Whether it does nothing, or is hidden: its readers read what it reads."""
        return node in self._passed

    def moving(self, nodes: Iterable[Node]) -> list[Node]:
        """The nodes that are not static, in running order."""
        return sorted((n for n in nodes if n not in self.static), key=self.order.__getitem__)

    def is_static_place(self, place: int) -> bool:
        """Whether the node at this place of the running order is static."""
        return self._nodes[place] in self.static

    def is_source(self, moving: Sequence[Node]) -> bool:
        """Whether these are one tensor that arrows begin at."""
        return len(moving) == 1 and moving[0] in self.drawn

    def moves(self, value: Value) -> bool:
        """Whether a value is none of the static ones."""
        return value.weight is None and value.node not in self.static

    def idiom(self, node: Node) -> Idiom | None:
        """The layer that is written from primitives and that this is a part of."""
        if node in self._shown:
            return None
        if node.scope not in self._idioms:
            self._idioms[node.scope] = idioms_in(self, node.scope)
        return self._idioms[node.scope].get(node)

    def kind(self, node: Node) -> Kind:
        """The kind of an op, or of the layer that it is a part of."""
        idiom = self.idiom(node)
        return idiom.kind if idiom is not None else node.op.kind

    def is_spoken(self, node: Node) -> bool:
        """Whether words name it: it is not silent, or regroups, and no other op speaks for its layer."""
        idiom = self.idiom(node)
        if idiom is not None:
            return node is idiom.speaker
        return not is_silent(node) or self._carriers.regroups(node)

    def hides(self, moving: Iterable[Node]) -> bool:
        """Whether all of these only carry what they are given, and nothing is to be said of them."""
        if self.view.all_ops or self.marks is not None:
            return False
        return all(not node.note and self.idiom(node) is None and self._carriers.has(node) for node in moving)

    @cached_property
    def _carriers(self) -> Carriers:
        return Carriers(self)

    def carried(self, value: Value) -> Value:
        """What a value is, where its node only carries it."""
        return self.resolve(read_by(value.node)[0])

    @cached_property
    def learned(self) -> set[Node]:
        """The nodes whose values training changes."""
        return learned_of(self._nodes)

    def is_learned(self, value: Value) -> bool:
        """Whether training changes a value."""
        return value.weight is not None or value.node in self.learned

    def numbers(self, shape: Shape) -> list[int]:
        """The shape at the sample sizes; 0 for a size that is not known."""
        if shape not in self._numbers:
            found = (size(dim, self.sizes) for dim in shape)
            self._numbers[shape] = [dim if isinstance(dim, int) else 0 for dim in found]
        return [*self._numbers[shape]]

    def macs(self, dim: Dim) -> int:
        """Multiply-accumulates at the sizes that they are counted for; 0 where those are not known."""
        if dim not in self._macs:
            found = size(dim, self.graph.counted_sizes)
            self._macs[dim] = found if isinstance(found, int) else 0
        return self._macs[dim]

    def label(self, value: Value) -> str:
        """What a link says that carries this value: its shape at the sample sizes."""
        said = batched_text if self.view.batch else shape_text
        shape = value.type.shape
        if self._is_single and not self.view.batch and shape[:1] == (1,):
            shape = shape[1:]
        if shape not in self._texts:
            sizes = self.sizes if self.view.batch else self.graph.counted_sizes
            self._texts[shape] = said(shape, sizes, self.graph.batch)
        text = self._texts[shape]
        return self.marks.label(value, text) if self.marks is not None else text

    def read_from_outside(self, nodes: Iterable[Node]) -> list[Node]:
        """The moving nodes that these read and that are not among them, in running order."""
        inside = set(nodes)
        found = {source for node in inside for source in self.sources[node] if source not in inside}
        return sorted(found, key=self.order.__getitem__)

    def values_leaving(self, nodes: Iterable[Node]) -> list[Value]:
        """The values of these nodes that are read from outside or leave the network, each once."""
        inside = set(nodes)
        read = [value for node in self.graph.nodes if node not in inside for value in read_by(node)]
        resolved = [self.resolve(value) for value in (*read, *self.graph.outputs.values())]
        found = (value for value in resolved if value.node in inside - self.static and value.weight is None)
        return list({(value.node, value.output): value for value in found}.values())

    def readers_outside(self, nodes: Iterable[Node]) -> set[Node | None]:
        """Who reads these from outside; None stands for the network's outputs."""
        inside = set(nodes)
        moving = [node for node in inside if node not in self.static]
        found: set[Node | None] = {r for node in moving for r in self.readers[node] if r not in inside}
        return found | ({None} if any(node in self.results for node in moving) else set())

    def is_chain(self, nodes: Iterable[Node]) -> bool:
        """Whether they read one value, and each moving node the one before it, which nothing else reads."""
        moving = self.moving(nodes)
        return bool(moving) and len(set(self.sources[moving[0]])) <= 1 and self.is_linked(moving)

    def is_linked(self, moving: Sequence[Node]) -> bool:
        """Whether each node but the first reads the one before it, which nothing else reads."""
        return all(
            set(self.sources[after]) == {before} and set(self.readers[before]) == {after}
            for before, after in pairwise(moving)
        )


def read_by(node: Node) -> list[Value]:
    """What a node reads. The end of a carried value only compares itself with its start, and does not read it."""
    given = node.inputs[:1] if isinstance(node.op, ScanLast) else node.inputs
    return [value for value in given if value is not None]


def is_main(node: Node) -> bool:
    """Whether an overview counts it as a layer of its own."""
    return node.op.unwritten or (node.op.kind in _MAIN and not isinstance(node.op, FILLED))


def is_silent(node: Node) -> bool:
    """Whether an overview leaves it out of its words."""
    return node.op.silent or node.op.is_idle()


def in_training_only(node: Node) -> bool:
    """Whether it runs in training only, by itself or by a scope around it."""
    return any(item.when is Mode.TRAINING for item in (node, *scopes_around(node)))


def shape_of(value: Value | Node) -> Shape:
    """The shape of a value, or of a node's first output."""
    return value.type.shape if isinstance(value, Value) else value.types[0].shape
