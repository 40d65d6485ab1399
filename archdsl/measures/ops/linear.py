"""Linear layers."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, flat
from archdsl.measures.rules import keeps, scratch, sees, views
from archdsl.ops.linear import Bilinear, Identity, Linear
from archdsl.shapes import TensorType


@keeps.register
def _(op: Linear, made: Sequence[TensorType], x: Placed, weight: Placed | None = None, *bias: Any) -> Kept:
    """What is multiplied, the input as a matrix: a copy where it cannot be read as one."""
    fed = (1,) if weight is not None and x.learned else ()
    return Kept((0, *fed)) if flat(x) else Kept(fed, more=(x.type,))


@scratch.register
def _(op: Linear, made: Sequence[TensorType], x: Placed, *weights: Any) -> tuple[TensorType, ...]:
    return () if flat(x) else (x.type,)


@sees.register
def _(op: Linear, made: Sequence[Sizes], x: fields.Field, *weights: fields.Field | None) -> tuple[fields.Field, ...]:
    return (fields.with_weights(fields.contracted(x, len(x.dims) - 1, made[0][-1]), weights),)


keeps.register(Bilinear, lambda *_: Kept((0, 1)))


@sees.register
def _(op: Bilinear, made: Sequence[Sizes], *inputs: fields.Field) -> tuple[fields.Field, ...]:
    read = [fields.contracted(x, len(x.dims) - 1, op.out_features) for x in inputs]
    return (fields.elementwise(made[0], read),)


@views.register
def _(op: Identity, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    return (x.strides,)
