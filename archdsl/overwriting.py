"""What may overwrite its input: activations and sums whose operand nobody else needs.

A value may be overwritten if it is a fresh tensor, has one reader, is no output of the network, and is
not kept by its producer for the backward pass. `torchvision` writes the same by hand. A view could be, too,
but then the backward pass copies the gradient of the tensor under it three times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from archdsl.expressions import Binary, Name
from archdsl.graph import Graph, Node, Value
from archdsl.ops.special import Formula

_PASSING: Final = frozenset(("dropout", "stochastic_depth"))
"""In evaluation these give their input itself."""
_MATRICES: Final = frozenset(("linear", "bilinear", "multihead_attention"))
"""With a bias, what these give is a view of a matrix, its rows all but the last dimension of the input."""

Readers = Mapping[tuple[Node, int], Sequence[Node]]


def readers_of(graph: Graph) -> Readers:
    """The nodes that read each value; outputs of the network count as readers."""
    readers: dict[tuple[Node, int], list[Node]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            if value is not None:
                readers.setdefault((value.node, value.output), []).append(node)
    for value in graph.outputs.values():
        readers.setdefault((value.node, value.output), []).append(value.node)
    return readers


def overwritten(node: Node, readers: Readers) -> int | None:
    """Which of its inputs a node overwrites with its output, if one."""
    return 0 if activates_in_place(node, readers) else summand(node, readers)


def activates_in_place(node: Node, readers: Readers) -> bool:
    """Whether an activation overwrites its input."""
    if not node.op.can_overwrite() or len(node.inputs) != 1:
        return False
    value = node.inputs[0]
    # across a module's border a caller's tensor would change
    return value is not None and value.node.scope is node.scope and may_overwrite(value, readers)


def may_overwrite(value: Value | None, readers: Readers) -> bool:
    """Whether the only reader of a value may write into it."""
    return _is_free(value, readers) and not _is_view(value)


def _is_free(value: Value | None, readers: Readers) -> bool:
    if value is None or value.weight is not None or len(readers.get((value.node, value.output), ())) != 1:
        return False
    op = value.node.op
    if op.name in _PASSING:
        return _is_free(value.node.inputs[0], readers)
    if type(op) is Formula:
        return isinstance(op.expression, Binary) and op.expression.sign in ("+", "-", "*")
    return op.is_fresh() and len(value.node.types) == 1


def _is_view(value: Value | None) -> bool:
    """Whether a free value is a view while training; dropout may be switched off then, by p = 0."""
    if value is None:
        return False
    op = value.node.op
    if op.name == "dropout":
        return _is_view(value.node.inputs[0])
    return op.name in _MATRICES and getattr(op, "bias", True) and value.type.rank > 2


def summand(node: Node, readers: Readers) -> int | None:
    """Which input of a sum of two tensors may hold the result, if one may."""
    if type(node.op) is not Formula or not isinstance(node.op.expression, Binary) or len(node.inputs) != 2:
        return None
    tree = node.op.expression
    if tree.sign != "+" or not isinstance(tree.left, Name) or not isinstance(tree.right, Name):
        return None
    for place, value in enumerate(node.inputs):
        same = value is not None and value.type == node.types[0] and value.node.when is node.when
        if same and may_overwrite(value, readers):
            return place
    return None
