"""Activations."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes
from archdsl.measures.rules import keeps, sees
from archdsl.ops import activation as ops
from archdsl.shapes import TensorType

keeps.register(ops.Activation, lambda *_: Kept((0,)))
# their outputs, of which their derivatives are computed
keeps.for_each(ops.Relu, ops.Sigmoid, ops.SoftmaxFamily, ops.Softmax2d, ops.Tanh)(lambda *_: Kept(outputs=(0,)))


@keeps.register
def _(op: ops.Prelu, made: Sequence[TensorType], x: Placed, weight: Placed | None = None) -> Kept:
    return Kept((0,) if weight is None else (0, 1))


@keeps.for_each(ops.Rrelu, ops.LogSigmoid, ops.Softsign)
def _(op: ops.Activation, made: Sequence[TensorType], x: Placed, *others: Any) -> Kept:
    """x, and the slopes that were drawn, exp(-|x|), or what it is divided by."""
    return Kept((0,), more=(x.type,))


@keeps.register
def _(op: ops.Tanhshrink, made: Sequence[TensorType], x: Placed, *others: Any) -> Kept:
    """tanh(x)."""
    return Kept(more=(x.type,))


@sees.register
def _(op: ops.Glu, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.contracted(x, op.dim % len(x.dims), made[0][op.dim]),)


@sees.register
def _(op: ops.SoftmaxFamily, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.mixed(x, (op.dim,) if x.dims else ()),)


@sees.register
def _(op: ops.Softmax2d, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.mixed(x, (1,)),)
