"""What may overwrite its input: activations and sums whose operand nobody else needs.

A value may be overwritten if it is a fresh tensor, has one reader, is no output of the network, and is
not kept by its producer for the backward pass. `torchvision` writes the same by hand. A view could be, too,
but then the backward pass copies the gradient of the tensor under it three times.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import final

from archdsl.expressions.tree import Binary, Name
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.special import Formula


@final
class Overwriting:
    """What the nodes of a graph overwrite."""

    def __init__(self, graph: Graph) -> None:
        self.readers: dict[tuple[Node, int], list[Node]] = {}
        """The nodes that read each value; outputs of the network count as readers."""
        self.runs: dict[Node, list[Node]] = {}
        """The nodes that run another's module, by that one."""
        for node in graph.nodes:
            if node.share is not None:
                self.runs.setdefault(node.share, []).append(node)
            for value in node.inputs:
                if value is not None:
                    self.readers.setdefault((value.node, value.output), []).append(node)
        for value in graph.outputs.values():
            self.readers.setdefault((value.node, value.output), []).append(value.node)
        self._in_place: Callable[[Node], bool] = cache(self._overwrites)
        self._free: dict[Node, bool] = {}
        """Whether a node that passes on its input could overwrite it: told in running order, however long the chain."""
        for node in graph.nodes:
            if node.op.passes:
                self._free[node] = self._is_free(node.inputs[0])

    def overwritten(self, node: Node) -> int | None:
        """Which of its inputs a node overwrites with its output, if one."""
        return 0 if self.activates_in_place(node) else self.summand(node)

    def activates_in_place(self, node: Node) -> bool:
        """Whether an activation overwrites its input, wherever its module runs."""
        return self._in_place(node.share or node)

    def _overwrites(self, made: Node) -> bool:
        return all(map(self._activates_in_place, [made, *self.runs.get(made, ())]))

    def _activates_in_place(self, node: Node) -> bool:
        if not node.op.can_overwrite() or len(node.inputs) != 1:
            return False
        value = node.inputs[0]
        # across a module's border a caller's tensor would change
        return value is not None and value.node.scope is node.scope and self._may_overwrite(value)

    def _may_overwrite(self, value: Value | None) -> bool:
        """Whether the only reader of a value may write into it."""
        return self._is_free(value) and not _is_view(value)

    def _is_free(self, value: Value | None) -> bool:
        if value is None or value.weight is not None or len(self.readers.get((value.node, value.output), ())) != 1:
            return False
        op = value.node.op
        if op.passes:
            return self._free[value.node]
        if type(op) is Formula:
            return isinstance(op.expression, Binary) and op.expression.sign in ("+", "-", "*")
        return op.is_fresh() and len(value.node.types) == 1

    def summand(self, node: Node) -> int | None:
        """Which input of a sum of two tensors may hold the result, if one may."""
        if type(node.op) is not Formula or not isinstance(node.op.expression, Binary) or len(node.inputs) != 2:
            return None
        tree = node.op.expression
        if tree.sign != "+" or not isinstance(tree.left, Name) or not isinstance(tree.right, Name):
            return None
        for place, value in enumerate(node.inputs):
            same = value is not None and value.type == node.types[0] and value.node.when is node.when
            if same and self._may_overwrite(value):
                return place
        return None


def _is_view(value: Value | None) -> bool:
    """Whether a free value is a view while training; dropout may be switched off then, by p = 0."""
    while value is not None and "training" in value.node.op.passes:
        value = value.node.inputs[0]
    if value is None:
        return False
    op = value.node.op
    return op.matrix and getattr(op, "bias", True) and value.type.rank > 2
