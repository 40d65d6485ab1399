"""The memory of one run, worked out tensor by tensor: what is made, how long it lives, what autograd keeps.

Nodes run in their order. Each output is a tensor of its own, or lies in the memory of an input: views, what is
overwritten, what passes unchanged. It lives until its last reader has run, and what a block reads until the block
has run, since the caller holds it. A loop over time stands in the graph once: its tensors exist once while it runs,
and for every step where they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple, cast

from archdsl.ir.graph import Graph, Mode, Node, Scope, Value
from archdsl.ir.overwriting import Overwriting
from archdsl.measures.memory import Kept, Placed, contiguous, in_order_of, size_of
from archdsl.measures.parametrized import computed, kept_of_computing
from archdsl.measures.rules import keeps, scratch, views
from archdsl.ops.base import Op, Weight, at_sizes
from archdsl.ops.rules import FLOATS
from archdsl.ops.special import ByMode, Constant, Parameter, ScanCarry, ScanLast, ScanStack
from archdsl.shapes import TensorType, evaluate


@dataclass(slots=True, eq=False)
class Allocation:
    """A stretch of memory, for the tensors that lie in it."""

    size: int
    """In bytes; 0 for what the network owns."""
    repeats: int = 1
    """How many of it the steps of a loop make."""
    born: int = 0
    """Which node makes it, counted from 0."""
    dies: int = 0
    """The last node that reads it."""


@dataclass(slots=True)
class Trace:
    """What a run of the network takes."""

    written: dict[Node, int] = field(default_factory=dict)
    """Bytes of the new tensors of each node, over all steps of loops."""
    peak: int = 0
    """The most bytes of tensors that exist at once, without the network's own and its inputs."""
    inputs: int = 0
    """Bytes of the network's inputs."""
    kept: int = 0
    """Bytes that autograd keeps until the backward pass, without the network's own."""


class _Work(NamedTuple):
    """What an op does with inputs of given sizes."""

    outputs: tuple[Placed, ...]
    source: int | None
    """The input whose memory the outputs lie in, if they do."""
    scratch: tuple[TensorType, ...]
    kept: Kept


def trace(graph: Graph, sizes: Mapping[str, int], dtype: str, *, training: bool) -> Trace:
    """One run at these sizes; `dtype` is that of what the graph calls float32."""
    return _Run(graph, sizes, dtype, training).run()


class _Run:
    """One run, node by node."""

    def __init__(self, graph: Graph, sizes: Mapping[str, int], dtype: str, training: bool) -> None:
        self.graph = graph
        self.sizes = sizes
        self.dtype = dtype
        self.training = training
        self.other = Mode.EVALUATION if training else Mode.TRAINING
        self.overwriting = Overwriting(graph)
        self.trace = Trace()
        self.tensors: dict[tuple[Node, int, str | None], tuple[Allocation, Placed]] = {}
        self.storages: list[Allocation] = []
        self.scratch: list[tuple[TensorType, ...]] = []
        self.kept: dict[Allocation, None] = {}
        self.carried: dict[Allocation, Allocation] = {}
        """What a loop carries, by the storage that stands for it within a step."""
        self.ends: dict[Scope, int] = {}
        """The last node of each block."""
        self._known: dict[tuple[int, int | None, tuple[Placed | None, ...], bool], _Work] = {}
        self._ops: dict[int, Op] = {}
        self._types: dict[TensorType, TensorType] = {}
        self._scopes: dict[Scope | None, tuple[Scope, ...]] = {None: ()}

    def run(self) -> Trace:
        nodes = [node for node in self.graph.nodes if node.when is not self.other]
        for at, node in enumerate(nodes):
            self.ends.update(dict.fromkeys(self._around(node.scope), at))
        for node in self.graph.inputs.values():
            made = self._type(node.types[0])
            storage = Allocation(self._bytes(made))
            self.tensors[node, 0, None] = storage, _placed(made, learned=False)
            self.trace.inputs += storage.size
        for at, node in enumerate(nodes):
            self._node(at, node)
        for value in self.graph.outputs.values():
            if (found := self.tensors.get((value.node, value.output, value.weight))) is not None:
                found[0].dies = len(nodes)
        self.trace.peak = self._peak(len(nodes))
        kept = {self.carried.get(storage, storage): None for storage in self.kept}
        self.trace.kept += sum(storage.size * storage.repeats for storage in kept)
        return self.trace

    # --- a node -----------------------------------------------------------------------------------

    def _node(self, at: int, node: Node) -> None:
        given = [self._read(value, at, node) for value in self._inputs(node)]
        work = self._work(node, tuple(x for _, x in given))
        steps = self._steps(node)
        storages = self._storages(at, node, work, [storage for storage, _ in given], steps)
        for i, made in enumerate(zip(storages, work.outputs, strict=True)):
            self.tensors[node, i, None] = made
        self.scratch.append(work.scratch)
        if isinstance(node.op, ScanLast) and given[0][0] is not None and given[1][0] is not None:
            self.carried[given[1][0]] = given[0][0]
        read = (given[i][0] for i in work.kept.inputs)
        self.kept.update(dict.fromkeys(storage for storage in read if storage is not None))
        self.kept.update(dict.fromkeys(storages[i] for i in work.kept.outputs))
        self.trace.kept += sum(map(self._bytes, work.kept.more)) * steps

    def _storages(
        self, at: int, node: Node, work: _Work, given: Sequence[Allocation | None], steps: int
    ) -> list[Allocation]:
        """Where its outputs lie."""
        sizes = [self._bytes(made.type) for made in work.outputs]
        if isinstance(node.op, Parameter) or (isinstance(node.op, Constant) and node.op.known):
            return [Allocation(0)]
        if isinstance(node.op, ScanCarry):
            return [Allocation(sizes[0], steps, at)]
        if work.source is not None and (source := given[work.source]) is not None:
            return [source] * len(sizes)
        made = [Allocation(size, steps, at, at) for size in sizes]
        self.storages += made
        self.trace.written[node] = sum(sizes) * steps
        return made

    def _work(self, node: Node, inputs: tuple[Placed | None, ...]) -> _Work:
        """What its op says of these inputs; the nodes of equal blocks ask once."""
        op, place = self._op(node), self.overwriting.overwritten(node)
        trained = any(not weight.buffer and name not in node.frozen for name, weight in node.tensors.items())
        key = id(op), place, inputs, trained
        if key not in self._known:
            made = [self._type(type) for type in node.types]
            learned = node.op.differentiable and (trained or any(x.learned for x in inputs if x is not None))
            work = _work(op, made, inputs, place, self.training, learned=learned)
            self._known[key] = _with_computed(work, op, node.tensors, inputs, self.training)
        return self._known[key]

    def _inputs(self, node: Node) -> tuple[Value | None, ...]:
        """What it reads in this mode, in the order of its ports."""
        if isinstance(node.op, ByMode) and (node.op.mode == "training") is not self.training:
            return tuple(reversed(node.inputs))
        return node.inputs

    def _read(self, value: Value | None, at: int, node: Node) -> tuple[Allocation | None, Placed | None]:
        if value is None:
            return None, None
        key = value.node, value.output, value.weight
        if value.weight is not None and key not in self.tensors:
            learned = not value.node.tensors[value.weight].buffer and value.weight not in value.node.frozen
            self.tensors[key] = Allocation(0), _placed(self._type(value.type), learned=learned)
        found = self.tensors.get(key)
        if found is None:  # what the other mode makes
            return None, None
        storage = found[0]
        outside = self._around(value.node.scope)
        entered = [scope for scope in self._around(node.scope) if scope not in outside]
        storage.dies = max(storage.dies, self.ends[entered[-1]] if entered else at)
        return found

    # --- blocks and loops -------------------------------------------------------------------------

    def _around(self, scope: Scope | None) -> tuple[Scope, ...]:
        """The scope and those around it but the network, innermost first."""
        if scope not in self._scopes:
            assert scope is not None
            self._scopes[scope] = (scope, *self._around(scope.scope)) if scope.scope is not None else ()
        return self._scopes[scope]

    def _steps(self, node: Node) -> int:
        """How many times a run makes its outputs."""
        loops = [scope.scan for scope in self._around(node.scope) if scope.scan is not None]
        if isinstance(node.op, ScanStack | ScanLast):
            del loops[0]
        return prod(evaluate(loop.steps, self.sizes) for loop in loops)

    # --- sizes ------------------------------------------------------------------------------------

    def _peak(self, count: int) -> int:
        change = [0] * (count + 2)
        for storage in self.storages:
            change[storage.born] += storage.size
            change[storage.dies + 1] -= storage.size
        live = peak = 0
        for at in range(count):
            live += change[at]
            peak = max(peak, live + sum(map(self._bytes, self.scratch[at])))
        return peak

    def _op(self, node: Node) -> Op:
        found = self._ops.get(id(node.op))
        if found is None:
            found = self._ops[id(node.op)] = at_sizes(node.op, self.sizes)
        return found

    def _type(self, type: TensorType) -> TensorType:
        found = self._types.get(type)
        if found is None:
            shape = tuple(evaluate(dim, self.sizes) for dim in type.shape)
            found = self._types[type] = TensorType(shape, type.dtype)
        return found

    def _bytes(self, type: TensorType) -> int:
        return size_of(type, self.dtype)


def _work(
    op: Op,
    made: Sequence[TensorType],
    inputs: tuple[Placed | None, ...],
    place: int | None,
    training: bool,
    *,
    learned: bool,
) -> _Work:
    """What an op's rules say; `place` is the input that it overwrites."""
    shapes = [_numbers(type) for type in made]
    viewed = None if place is not None else views(op, shapes, training, *inputs)
    over = None if place is None else inputs[place]
    strides = viewed or [_strides(op, shape, inputs) if over is None else over.strides for shape in shapes]
    outputs = tuple(
        Placed(shape, type.dtype, laid, learned and type.dtype in FLOATS)
        for shape, type, laid in zip(shapes, made, strides, strict=True)
    )
    kept = keeps(op, made, *inputs) if training and learned else Kept()
    if over is not None and place in kept.inputs and not op.invertible:
        # a copy from before it is overwritten
        others = tuple(i for i in kept.inputs if i != place)
        kept = kept._replace(inputs=others, more=(*kept.more, over.type))
    return _Work(outputs, 0 if viewed is not None else place, scratch(op, made, *inputs), kept)


def _with_computed(
    work: _Work, op: Op, tensors: Mapping[str, Weight], inputs: tuple[Placed | None, ...], training: bool
) -> _Work:
    """With what a parametrisation makes and keeps."""
    made = computed(op, tensors)
    if not made:
        return work
    learned = any(x.learned for x in inputs if x is not None)
    more = kept_of_computing(op, tensors, learned=learned) if training else ()
    kept = work.kept._replace(more=(*work.kept.more, *more))
    return work._replace(scratch=(*work.scratch, *made), kept=kept)


def _strides(op: Op, shape: tuple[int, ...], inputs: tuple[Placed | None, ...]) -> tuple[int, ...]:
    """Of a new tensor: in the order of an input of its shape, or of the first, where the op follows it."""
    fed = [x for x in inputs if x is not None]
    if not op.follows or not fed:
        return contiguous(shape)
    return in_order_of(next((x for x in fed if x.shape == shape), fed[0]), shape)


def _numbers(type: TensorType) -> tuple[int, ...]:
    return cast("tuple[int, ...]", type.shape)


def _placed(type: TensorType, *, learned: bool) -> Placed:
    shape = _numbers(type)
    return Placed(shape, type.dtype, contiguous(shape), learned)
