"""What may overwrite its input: activations and sums whose operand nobody else needs.

A value may be overwritten if it is a fresh tensor, has one reader, is no output of the network, and is
not kept by its producer for the backward pass. `torchvision` writes the same by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from archdsl.expressions import Binary, Name
from archdsl.graph import Node, Value
from archdsl.ops.base import Kind
from archdsl.ops.special import Formula

ACTIVATIONS: Final = frozenset(("nn.ReLU", "nn.ReLU6", "nn.SiLU", "nn.Hardswish", "nn.LeakyReLU", "nn.ELU", "nn.SELU"))
"""Modules that take `inplace` and whose backward pass copes with it."""

_FRESH: Final = frozenset((Kind.CONV, Kind.NORM, Kind.LINEAR))
"""What these give is not needed by their backward pass: they keep their inputs and statistics."""
_ALSO_FRESH: Final = frozenset(("multihead_attention", "roll"))
_MAYBE_VIEWS: Final = frozenset(("einsum",))
_PASSING: Final = frozenset(("dropout", "stochastic_depth"))
"""In evaluation these give their input itself."""

Readers = Mapping[tuple[Node, int], Sequence[Node]]


def may_overwrite(value: Value | None, readers: Readers) -> bool:
    """Whether the only reader of a value may write into it; outputs of the network count as readers."""
    if value is None or value.weight is not None or len(readers.get((value.node, value.output), ())) != 1:
        return False
    op = value.node.op
    if op.name in _PASSING:
        return may_overwrite(value.node.inputs[0], readers)
    if type(op) is Formula:
        return isinstance(op.expression, Binary) and op.expression.sign in ("+", "-", "*")
    fresh = op.kind in _FRESH or op.name in _ALSO_FRESH
    return fresh and op.name not in _MAYBE_VIEWS and len(value.node.types) == 1


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
