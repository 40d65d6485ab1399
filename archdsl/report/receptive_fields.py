"""The receptive field of every value, on the network's images and sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from archdsl.ir.graph import Graph, Node, Value
from archdsl.measures.fields import AxisPart, Field, Seen, blind, everything
from archdsl.measures.receptive import ITSELF
from archdsl.measures.rules import sees
from archdsl.ops.base import Op, at_sizes
from archdsl.ops.special import ScanCarry
from archdsl.shapes import Symbolic, TensorType, evaluate


@final
class Fields:
    """The fields of a graph's values, at given sizes."""

    def __init__(self, graph: Graph, sizes: Mapping[str, int]) -> None:
        self.graph = graph
        self.sizes = sizes
        self.axes: list[list[int]] = []
        """The axes of each input that has places, in the order of its dimensions."""
        self.found: dict[tuple[Node, int], Field] = {}
        self._ops: dict[int, Op] = {}
        for node in graph.inputs.values():
            self._input(node)
        for node in graph.nodes:
            self._node(node)

    def text(self, value: Value) -> str:
        """`7×7`, `all`, or nothing where a value does not depend on an image or sequence.

        Where it depends on several, it is that of the first.
        """
        found = self.found.get((value.node, value.output))  # none for what no output needs
        seen = {} if found is None or value.weight is not None else found.seen
        for axes in self.axes:
            if seen.keys() & set(axes):
                sizes = [_spelled(seen.get(axis)) for axis in axes]
                return "all" if set(sizes) == {"all"} else "×".join(sizes)
        return ""

    def _input(self, node: Node) -> None:
        type = node.types[0]
        shape = self._shape(type)
        axes: dict[int, int] = {}
        for dim in _places(type, self.graph.batch_place(type.shape) or 0):
            axes[dim] = len([axis for known in self.axes for axis in known]) + len(axes)
        dims = tuple((AxisPart(axes.get(dim), 1, size),) for dim, size in enumerate(shape))
        seen = {axis: Seen(ITSELF, shape[dim]) for dim, axis in axes.items()}
        if axes:
            self.axes.append(list(axes.values()))
        self.found[node, 0] = Field(dims, seen)

    def _node(self, node: Node) -> None:
        made = [self._shape(type) for type in node.types]
        inputs = [self._read(value) for value in node.inputs]
        if isinstance(node.op, ScanCarry) and node.scope is not None:
            # what a step carries on comes from all that the loop reads
            inputs = [everything(made[0], map(self._read, node.scope.inputs.values()))]
        if not any(x is not None and x.seen for x in inputs):
            fields = tuple(map(blind, made))
        elif all(each.reach is None for x in inputs if x is not None for each in x.seen.values()):
            fields = tuple(everything(shape, inputs) for shape in made)
        else:
            fields = sees(self._op(node), made, *inputs)
        for i, each in enumerate(fields):
            self.found[node, i] = each

    def _read(self, value: Value | None) -> Field | None:
        if value is None:
            return None
        if value.weight is not None:
            return blind(self._shape(value.type))
        return self.found[value.node, value.output]

    def _op(self, node: Node) -> Op:
        found = self._ops.get(id(node.op))
        if found is None:
            found = self._ops[id(node.op)] = at_sizes(node.op, self.sizes)
        return found

    def _shape(self, type: TensorType) -> tuple[int, ...]:
        return tuple(evaluate(dim, self.sizes) for dim in type.shape)


def _places(type: TensorType, batch: int) -> list[int]:
    """The dimensions of an input along which places lie: of images what follows the channels, else the sequence.

    `batch` is the dimension of the batch, and channels follow it. Numbers of rank 2 are vectors, whole numbers or
    booleans of rank 2 are sequences.
    """
    if type.rank >= 4:
        return [dim for dim in range(type.rank) if dim not in (batch, batch + 1)]
    others = [dim for dim in range(type.rank) if dim != batch]
    named = [dim for dim in others if isinstance(type.shape[dim], Symbolic)]
    if type.rank == 3:
        return named or [2 if batch == 0 else 0]
    return others if type.rank == 2 and (named or not type.dtype.startswith(("float", "bfloat"))) else []


def _spelled(seen: Seen | None) -> str:
    if seen is None:
        return "1"
    return "all" if seen.reach is None else str(seen.reach.span(seen.grid))
