"""Activations that may overwrite their input: its value is needed by nobody, not even by the backward pass."""

from __future__ import annotations

from typing import Final

from archdsl.expressions import Binary
from archdsl.graph import Node
from archdsl.ops.base import Kind
from archdsl.ops.special import Formula

IN_PLACE: Final = frozenset(("nn.ReLU", "nn.ReLU6", "nn.SiLU", "nn.Hardswish", "nn.LeakyReLU", "nn.ELU", "nn.SELU"))
"""Modules that take `inplace` and whose backward pass copes with it."""

_LAYERS: Final = frozenset((Kind.CONV, Kind.NORM, Kind.LINEAR))
"""What these give is not needed by their backward pass: they keep their inputs and statistics."""


def may_overwrite(producer: Node) -> bool:
    """Whether the value that `producer` gives is a fresh tensor that its backward pass does not keep."""
    if type(producer.op) is Formula:
        return isinstance(producer.op.expression, Binary) and producer.op.expression.sign in ("+", "-", "*")
    return producer.op.kind in _LAYERS and len(producer.types) == 1
