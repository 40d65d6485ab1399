"""The rules of memory and receptive fields; the fields of the ops that are asked hold numbers alone.

What they say of an op stands in `archdsl.measures.ops`, in the module of its theme. What stands here holds for ops
that write a tensor of their own, hold no other, and keep nothing for the backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import NOTHING, Kept, Sizes
from archdsl.ops.base import Op
from archdsl.ops.mirrors import by_class
from archdsl.shapes import TensorType

_CASES = "archdsl.measures.ops"


@by_class(_CASES, "archdsl.measures")
def views(op: Op, made: Sequence[Sizes], training: bool, *inputs: Any) -> tuple[Sizes, ...] | None:
    """The strides of outputs of these shapes where they lie in the first input's memory.

    None where the op writes tensors of its own.
    """
    return None


@by_class(_CASES, "archdsl.measures")
def scratch(op: Op, made: Sequence[TensorType], *inputs: Any) -> tuple[TensorType, ...]:
    """The tensors that it holds while it runs, besides inputs and outputs."""
    return ()


@by_class(_CASES, "archdsl.measures")
def keeps(op: Op, made: Sequence[TensorType], *inputs: Any) -> Kept:
    """What autograd keeps until the backward pass, where a gradient flows."""
    return NOTHING


@by_class(_CASES, "archdsl.measures")
def sees(op: Op, made: Sequence[Sizes], *inputs: Any) -> tuple[fields.Field, ...]:
    """The receptive fields of outputs of these shapes, from those of the inputs."""
    return fields.usual(made, inputs)
